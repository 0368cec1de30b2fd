/** Which names are rooms, and behind which door: the longest prefix that fits decides, none is no room. [P1] */
import { Fault } from '../base/fault.ts';
import { isId } from '../base/id.ts';
import type { Services } from '../plugin/services.ts';
import { type Door, decidingAbout, kindDoor, RowDoor } from './door.ts';
import type { RoomRule } from './options.ts';

export class RoomBook {
  readonly #services: Services;
  readonly #rules: readonly RoomRule[];
  /** Entities whose rows have a say about any room. */
  readonly deciding: ReadonlySet<string>;

  /** Throws `invalid` for a rule that cannot be meant. */
  constructor(services: Services, rules: readonly RoomRule[]) {
    this.#services = services;
    this.#rules = rules.toSorted((a, b) => b.prefix.length - a.prefix.length);
    for (const rule of rules) {
      if (rules.some((other) => other !== rule && other.prefix === rule.prefix))
        throw new Fault('invalid', `rooms: the prefix ${JSON.stringify(rule.prefix)} has two rules`);
      if ('entity' in rule) services.schema.entity(rule.entity);
    }
    const entities = rules.flatMap((rule) => ('entity' in rule ? [rule.entity] : []));
    this.deciding = new Set(entities.flatMap((name) => [name, ...decidingAbout(name, services)]));
  }

  /** Throws `not_found`. */
  door(name: string): Door {
    const rule = this.#rules.find(({ prefix }) => name.startsWith(prefix));
    if (!rule) throw new Fault('not_found', `no room ${JSON.stringify(name)}`);
    if ('join' in rule) return kindDoor(rule.join);
    const id = name.slice(rule.prefix.length);
    if (!isId(id)) throw new Fault('not_found', `no room ${JSON.stringify(name)}`);
    return new RowDoor(this.#services, { entity: rule.entity, id });
  }
}

/** Which names are rooms, and behind which door: the longest prefix that fits decides, none is no room. [P1] */
import { Fault } from '../base/fault.ts';
import { isId } from '../base/id.ts';
import type { Services } from '../plugin/services.ts';
import { type Door, kindDoor, RowDoor } from './door.ts';
import type { RoomRule } from './options.ts';

export class RoomBook {
  readonly #services: Services;
  readonly #rules: readonly RoomRule[];

  /** Throws `invalid` for a rule that cannot be meant. */
  constructor(services: Services, rules: readonly RoomRule[]) {
    this.#services = services;
    this.#rules = rules.toSorted((a, b) => b.prefix.length - a.prefix.length);
    for (const rule of rules) {
      if (rules.some((other) => other !== rule && other.prefix === rule.prefix))
        throw new Fault('invalid', `rooms: the prefix ${JSON.stringify(rule.prefix)} has two rules`);
      if ('entity' in rule) services.schema.entity(rule.entity);
    }
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

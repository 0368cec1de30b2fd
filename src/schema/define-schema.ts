/** The schema of an app: its entities and policies, looked up by name. */
import { Fault } from '../base/fault.ts';
import { type Entity, type EntityFields, refuseTwice } from './entity.ts';
import type { PolicySpec } from './policy-spec.ts';

export type AnyEntity = Entity<string, EntityFields>;

export class Schema<E extends AnyEntity = AnyEntity> {
  readonly policies: readonly PolicySpec[];
  readonly #entities: ReadonlyMap<string, E>;

  constructor(entities: readonly E[], policies: readonly PolicySpec[]) {
    this.#entities = new Map(entities.map((entity) => [entity.name, entity]));
    this.policies = policies;
    refuseTwice(
      entities.map(({ name }) => name),
      'there are two entities',
    );
    const stray = policies.find((policy) => !this.#entities.has(policy.entity));
    if (stray) throw new Fault('invalid', `a policy names the unknown entity ${stray.entity}`);
  }

  get entities(): readonly E[] {
    return [...this.#entities.values()];
  }

  /** Throws `not_found`: entity names also come from the wire. */
  entity(name: string): E {
    const entity = this.#entities.get(name);
    if (!entity) throw new Fault('not_found', `no entity ${JSON.stringify(name)}`);
    return entity;
  }
}

export function defineSchema<const E extends readonly AnyEntity[]>(options: {
  entities: E;
  policies?: readonly PolicySpec[];
}): Schema<E[number]> {
  return new Schema<E[number]>(options.entities, options.policies ?? []);
}

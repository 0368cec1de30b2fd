/**
 * `ctx.db` of a query, and the reading half of a mutation's. Rows that the policy hides do not exist here. [S4]
 *
 *   ctx.db.get('Note', id)
 *   ctx.db.query('Note').withIndex('by_author', (q) => q.eq('authorId', id)).order('desc').take(20)
 */
import { Fault } from '../base/fault.ts';
import type { Schema } from '../schema/define-schema.ts';
import type { EntityName, Row } from '../schema/infer.ts';
import { type Include, type Included, loadIncluded, planInclude } from './include.ts';
import { RowQuery } from './row-query.ts';
import { ELEVATED, type RowSource, type Sight } from './row-source.ts';

export class DbReader<S extends Schema> {
  readonly #source: RowSource;
  readonly #sight: Sight;

  constructor(source: RowSource, sight: Sight) {
    this.#source = source;
    this.#sight = sight;
  }

  /** The row, or null when there is none that this viewer may see. */
  get<N extends EntityName<S>>(entity: N, id: string): Promise<Row<S, N> | null>;
  /** The row with rows that belong to it. */
  get<N extends EntityName<S>, const I extends Include<S, N>>(
    entity: N,
    id: string,
    options: { readonly include: I },
  ): Promise<Included<S, N, I> | null>;
  async get(entity: string, id: string, options?: { readonly include: object }): Promise<unknown> {
    const { access, viewer, schema } = this.#sight;
    const data = await this.#source.get(entity, id);
    if (data === null) return null;
    if (!(await access.decide({ action: 'read', entity, viewer, data }, this.#source))) return null;
    if (options) {
      const plan = planInclude(schema, schema.entity(entity), options.include as never);
      await loadIncluded({ source: this.#source, sight: this.#sight }, [data], plan);
    }
    return data;
  }

  query<N extends EntityName<S>>(entity: N): RowQuery<S, N> {
    const from = { source: this.#source, sight: this.#sight };
    return new RowQuery(from, this.#sight.schema.entity(entity));
  }

  /** The same rows without policies: the only way round them. Logged with its reason, which may not be empty. */
  elevated(reason: string): DbReader<S> {
    return new DbReader<S>(this.#source, elevate(this.#sight, reason));
  }
}

/** Sight without policies. Throws `invalid` without a reason. */
export function elevate<G extends Sight>(sight: G, reason: string): G {
  if (reason.trim() === '') throw new Fault('invalid', 'ctx.db.elevated takes a reason, for the log');
  sight.onElevated(reason);
  return { ...sight, access: ELEVATED };
}

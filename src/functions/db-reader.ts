/**
 * `ctx.db` of a query, and the reading half of a mutation's. Rows that the policy hides do not exist here. [S4]
 *
 *   ctx.db.get('Note', id)
 *   ctx.db.query('Note').where({ authorId }).order('updatedAt', 'desc').take(20)
 */
import type { JsonObject } from '../base/json.ts';
import type { Access } from '../policy/access.ts';
import type { SqlClause } from '../policy/to-sql.ts';
import type { Viewer } from '../policy/viewer.ts';
import type { Schema } from '../schema/define-schema.ts';
import type { EntityName, Row } from '../schema/infer.ts';
import type { QuerySpec } from '../schema/query-spec.ts';

/** What a Snapshot and a Transaction have in common. */
export interface RowSource {
  get(entity: string, id: string): Promise<JsonObject | null>;
  /** Rows for which `filter` is not true do not count to the limit. */
  select(spec: QuerySpec, filter: SqlClause): Promise<JsonObject[]>;
}

/** Whose eyes a function sees with. */
export interface Sight {
  readonly access: Access;
  readonly viewer: Viewer;
}

/** Most rows that one `take` may ask for. */
export const MAX_TAKE = 10_000;

export class DbReader<S extends Schema> {
  readonly #source: RowSource;
  readonly #sight: Sight;

  constructor(source: RowSource, sight: Sight) {
    this.#source = source;
    this.#sight = sight;
  }

  /** The row, or null when there is none that this viewer may see. */
  async get<N extends EntityName<S>>(entity: N, id: string): Promise<Row<S, N> | null> {
    const row = await this.#source.get(entity, id);
    return row && (await this.#visible(entity, row)) ? (row as Row<S, N>) : null;
  }

  query<N extends EntityName<S>>(entity: N): RowQuery<Row<S, N>> {
    const run = async (spec: QuerySpec) => {
      // SQL leaves out hidden rows, so that the limit counts visible ones; who may see them is decided here.
      const filter = this.#sight.access.reads(entity, this.#sight.viewer);
      const rows = await this.#source.select({ limit: MAX_TAKE, ...spec }, filter.clause);
      return rows.filter((row) => filter.allows(row)) as Row<S, N>[];
    };
    return new RowQuery(run, { entity });
  }

  #visible(entity: string, data: JsonObject): Promise<boolean> {
    const { access, viewer } = this.#sight;
    return access.decide({ action: 'read', entity, viewer, data }, this.#source);
  }
}

/** A query that is being described; each step returns a new one. */
export class RowQuery<R> {
  readonly #run: (spec: QuerySpec) => Promise<R[]>;
  readonly #spec: QuerySpec;

  constructor(run: (spec: QuerySpec) => Promise<R[]>, spec: QuerySpec) {
    this.#run = run;
    this.#spec = spec;
  }

  /** Fields that must equal a value. */
  where(fields: Partial<R>): RowQuery<R> {
    return new RowQuery(this.#run, {
      ...this.#spec,
      where: { ...this.#spec.where, ...(fields as JsonObject) },
    });
  }

  order(field: keyof R & string, direction: 'asc' | 'desc' = 'asc'): RowQuery<R> {
    return new RowQuery(this.#run, {
      ...this.#spec,
      orderBy: [...(this.#spec.orderBy ?? []), { field, direction }],
    });
  }

  take(limit: number): Promise<R[]> {
    return this.#run({ ...this.#spec, limit: Math.min(limit, MAX_TAKE) });
  }

  async first(): Promise<R | null> {
    return (await this.take(1))[0] ?? null;
  }
}

/**
 * A query of `ctx.db` that is being described, and then run. Each step returns a new one. Rows that the policy
 * hides do not exist here: they count for no limit, no page and no number. [S4]
 */
import { Fault } from '../base/fault.ts';
import type { JsonObject } from '../base/json.ts';
import { parseShape, s } from '../base/shape.ts';
import type { ReadFilter } from '../policy/access.ts';
import type { AnyEntity, Schema } from '../schema/define-schema.ts';
import { type Filter, filterShape } from '../schema/filter.ts';
import { type FilterBuilder, filterBuilder } from '../schema/filter-builder.ts';
import type { EntityName, IndexFields, IndexName, Row } from '../schema/infer.ts';
import type { QuerySpec } from '../schema/query-spec.ts';
import { MAX_PAGE_ROWS } from '../schema/validator.ts';
import { makeCursor, parseCursor } from './cursor.ts';
import { type Include, type Included, type IncludePlan, loadIncluded, planInclude } from './include.ts';
import { IndexRange, type Range, type RangeBuilder } from './index-range.ts';
import type { RowSource, Sight } from './row-source.ts';

/** Most rows that one `take` or `collect` may ask for. */
export const MAX_TAKE = 10_000;

type Direction = 'asc' | 'desc';

export interface Pagination {
  /** Null for the first page, then that of the page before. */
  readonly cursor: string | null;
  readonly size: number;
  /**
   * The cursor of a page that was read before: the page is then all rows up to it, however many they are by now,
   * so that pages pinned at both ends fit together while rows move. [Q5] Above MAX_PAGE_ROWS it ends early.
   */
  readonly until?: string | undefined;
}

export interface Page<R> {
  readonly rows: R[];
  /** Where the next page begins: at `until`, unless it ended early. Null after the last one. */
  readonly cursor: string | null;
  readonly done: boolean;
}

interface Plan {
  readonly spec: QuerySpec;
  /** Fields of the index that the order goes by; undefined without an index. */
  readonly index: readonly string[] | undefined;
  readonly include: IncludePlan;
}

/** `Out`: a row with its includes. `Indexed`: an index gives the order. */
export class RowQuery<
  S extends Schema,
  N extends EntityName<S>,
  Out = Row<S, N>,
  Indexed extends boolean = false,
> {
  /** Only for the type checker. */
  declare readonly indexed: Indexed;
  readonly #from: { source: RowSource; sight: Sight };
  readonly #entity: AnyEntity;
  readonly #plan: Plan;

  constructor(from: { source: RowSource; sight: Sight }, entity: AnyEntity, plan?: Plan) {
    this.#from = from;
    this.#entity = entity;
    this.#plan = plan ?? { spec: { entity: entity.name }, index: undefined, include: [] };
  }

  /** Fields that must equal a value. */
  where(fields: Partial<Row<S, N>>): RowQuery<S, N, Out, Indexed> {
    const where = parseShape(s.jsonObject(), fields, 'where');
    return this.#with({ where: { ...this.#plan.spec.where, ...where } });
  }

  /**
   * The rows of a part of an index, in its order. Of the index's fields, some from the first on equal a value, and
   * at most one more lies between bounds. Throws `invalid` for anything else.
   */
  withIndex<X extends IndexName<S, N>>(
    this: RowQuery<S, N, Out, false>,
    name: X,
    range?: (q: RangeBuilder<Row<S, N>, IndexFields<S, N, X>>) => Range,
  ): RowQuery<S, N, Out, true> {
    const { spec, index: earlier } = this.#plan;
    if (earlier || spec.orderBy) this.#refuse('an index comes first, once, and brings its own order');
    const index = this.#entity.index(name);
    const start = new IndexRange(index);
    const part = range ? range(start as never) : start;
    if (!(part instanceof IndexRange)) this.#refuse('a range is what its builder returns');
    const filters = part.conditions;
    const free = index.fields.slice(part.fixed);
    const orderBy = [...free, 'id'].map((field) => ({ field, direction: 'asc' as const }));
    const parsed = filters.length > 0 && { range: parseShape(filterShape, { op: 'and', filters }, name) };
    return this.#with({ ...parsed, orderBy }, { index: free });
  }

  /** Rows of which this is true. Several are joined by `and`. */
  filter(condition: (q: FilterBuilder<Row<S, N>>) => Filter): RowQuery<S, N, Out, Indexed> {
    const { filter: earlier } = this.#plan.spec;
    const filter = condition(filterBuilder as never);
    const before = earlier?.op === 'and' ? earlier.filters : earlier ? [earlier] : [];
    const all = earlier ? { op: 'and', filters: [...before, filter] } : filter;
    return this.#with({ filter: parseShape(filterShape, all, 'filter') });
  }

  /** `desc`: all the other way round. Of a query by an index, or by nothing but the id. */
  order(direction: Direction): RowQuery<S, N, Out, Indexed>;
  /** By a field, and among equals by the fields of further calls and then by id. Not with an index. */
  order(
    this: RowQuery<S, N, Out, false>,
    field: keyof Row<S, N> & string,
    direction?: Direction,
  ): RowQuery<S, N, Out, false>;
  order(fieldOrDirection: string, direction?: Direction): unknown {
    const { spec, index } = this.#plan;
    if (direction === undefined && (fieldOrDirection === 'asc' || fieldOrDirection === 'desc')) {
      if (!index && spec.orderBy) this.#refuse('an order by fields names the direction of each');
      const keys = [...(index ?? []), 'id'];
      return this.#with({ orderBy: keys.map((field) => ({ field, direction: fieldOrDirection })) });
    }
    if (index) this.#refuse('an index brings its own order');
    const key = { field: fieldOrDirection, direction: direction ?? 'asc' };
    return this.#with({ orderBy: [...(spec.orderBy ?? []), key] });
  }

  /** Each row with rows that belong to it. Throws `invalid` beyond its limits. */
  include<const I extends Include<S, N>>(include: I): RowQuery<S, N, Out & Included<S, N, I>, Indexed> {
    const { schema } = this.#from.sight;
    const plan = planInclude(schema, this.#entity, include as never);
    return this.#with({}, { include: [...this.#plan.include, ...plan] });
  }

  /** The first `limit` rows, at most MAX_TAKE. */
  take(limit: number): Promise<Out[]> {
    this.#between('take', limit, [0, MAX_TAKE]);
    return this.#rows(limit);
  }

  async first(): Promise<Out | null> {
    return (await this.#rows(1))[0] ?? null;
  }

  /** The one row, or null when there is none. Throws `conflict` when there are two. */
  async unique(): Promise<Out | null> {
    const rows = await this.#rows(2);
    if (rows.length > 1)
      throw new Fault('conflict', `more than one ${this.#entity.name} where one is unique`);
    return rows[0] ?? null;
  }

  /** All rows. Throws `too_large` when there are more than `max`, and never returns a part of them. */
  async collect({ max }: { max: number }): Promise<Out[]> {
    this.#between('max', max, [1, MAX_TAKE]);
    const rows = await this.#rows(max + 1);
    if (rows.length > max) throw new Fault('too_large', `more than ${max} rows of ${this.#entity.name}`);
    return rows;
  }

  /** How many rows there are. Throws `too_large` when more than MAX_SCAN_ROWS would be looked at. */
  async count(): Promise<number> {
    return this.#from.source.count(this.#plan.spec, this.#filter().clause);
  }

  /**
   * One page. Pages put together are the whole result; a row that moves meanwhile is seen where it was or where it
   * is. [Q5] Throws `invalid` for a cursor of another query, `too_large` when a page is not full after
   * MAX_SCAN_ROWS.
   */
  async paginate({ cursor, size, until }: Pagination): Promise<Page<Out>> {
    this.#between('size', size, [1, MAX_PAGE_ROWS]);
    const { spec } = this.#plan;
    const secret = spec.orderBy?.find(({ field }) => this.#entity.serverOnlyFields.includes(field));
    if (secret) this.#refuse(`a cursor would carry "${secret.field}", which never leaves the server`);
    const after = cursor === null ? null : parseCursor(this.#entity, spec, cursor);
    const upTo = until === undefined ? null : parseCursor(this.#entity, spec, until);
    const filter = this.#filter();
    const range = { after, upTo, size: upTo ? MAX_PAGE_ROWS : size };
    const page = await this.#from.source.scan(spec, filter.clause, range);
    const rows = page.rows.filter((row) => filter.allows(row));
    const last = rows.at(-1);
    const next = page.more && last ? makeCursor(this.#entity, spec, last) : (until ?? null);
    return { rows: await this.#included(rows), cursor: next, done: next === null };
  }

  async #rows(limit: number): Promise<Out[]> {
    // SQL leaves out hidden rows, so that the limit counts visible ones; who may see them is decided here.
    const filter = this.#filter();
    const rows = await this.#from.source.select({ ...this.#plan.spec, limit }, filter.clause);
    return this.#included(rows.filter((row) => filter.allows(row)));
  }

  #filter(): ReadFilter {
    const { access, viewer } = this.#from.sight;
    return access.reads(this.#entity.name, viewer);
  }

  async #included(rows: JsonObject[]): Promise<Out[]> {
    if (this.#plan.include.length > 0) await loadIncluded(this.#from, rows, this.#plan.include);
    return rows as Out[];
  }

  #with<O, I extends boolean>(spec: Partial<QuerySpec>, plan: Partial<Plan> = {}): RowQuery<S, N, O, I> {
    const next = { ...this.#plan, ...plan, spec: { ...this.#plan.spec, ...spec } };
    return new RowQuery(this.#from, this.#entity, next);
  }

  #between(what: string, value: number, [low, high]: [number, number]): void {
    if (!Number.isInteger(value) || value < low || value > high)
      this.#refuse(`${what} is a whole number in ${low}..${high}`);
  }

  #refuse(why: string): never {
    throw new Fault('invalid', `query of ${this.#entity.name}: ${why}`);
  }
}

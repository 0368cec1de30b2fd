/**
 * What a query has read, as conditions on rows: the query gives the same result until a row that meets one of them
 * is written. A RowSource between `ctx.db` and a snapshot; `reading` says whose policies were asked. For
 * watched-queries.ts. [Q1]
 *
 * Of a page that was full, only rows up to its last one count. What a policy's `exists` looks up is read through
 * here by `decide`, and inside SQL by the clauses of `reads`, for which `Dependency.nearAll` says what they ask.
 */
import { Fault } from '../base/fault.ts';
import type { Json, JsonObject } from '../base/json.ts';
import type { Access, Question, ReadFilter } from '../policy/access.ts';
import type { WitnessSource } from '../policy/dependency.ts';
import { ALL_ROWS, NO_ROWS, type SqlClause } from '../policy/to-sql.ts';
import type { Viewer } from '../policy/viewer.ts';
import type { Schema } from '../schema/define-schema.ts';
import type { Filter } from '../schema/filter.ts';
import { compareRows } from '../schema/match.ts';
import { type QuerySpec, totalOrder } from '../schema/query-spec.ts';
import type { Relation } from '../store/related.ts';
import type { PageAfter, ScanPage } from '../store/scan.ts';
import type { Decider, RowSource } from './row-source.ts';

export interface RowRead {
  readonly condition: Pick<QuerySpec, 'entity' | 'where' | 'range' | 'filter'>;
  /** Which of the rows that meet the condition count; absent: all. */
  readonly holds?: (row: JsonObject) => boolean;
}

interface ReadSetDeps {
  readonly schema: Schema;
  readonly access: Access;
  readonly viewer: Viewer;
  /** Beyond so many rows in all, a read throws `too_large`. */
  readonly maxRows: number;
}

export class ReadSet implements RowSource {
  readonly reads: RowRead[] = [];
  readonly #source: RowSource;
  readonly #deps: ReadSetDeps;
  /** Clauses of read policies, and the entities that they are about. */
  readonly #policies = new WeakMap<SqlClause, string>();
  #rows = 0;
  #asksIdentity = false;

  constructor(source: RowSource, deps: ReadSetDeps) {
    this.#source = source;
    this.#deps = deps;
  }

  /** A policy that was asked makes a difference between viewers. */
  get asksIdentity(): boolean {
    return this.#asksIdentity;
  }

  /** More rows were read than may be, whatever the handler made of it. */
  get isOver(): boolean {
    return this.#rows > this.#deps.maxRows;
  }

  /** The policies, noting which of them are asked. */
  get reading(): Decider {
    const { access } = this.#deps;
    return {
      decide: (question: Question, source: WitnessSource) => {
        this.#asks(question.entity);
        return access.decide(question, source);
      },
      reads: (entity: string, viewer: Viewer): ReadFilter => {
        this.#asks(entity);
        const { clause, allows } = access.reads(entity, viewer);
        if (clause === NO_ROWS || clause === ALL_ROWS) return { clause, allows };
        const own = { ...clause }; // known for what it is by being this object
        this.#policies.set(own, entity);
        return { clause: own, allows };
      },
    };
  }

  async get(entity: string, id: string): Promise<JsonObject | null> {
    this.reads.push({ condition: { entity, where: { id } } });
    const row = await this.#source.get(entity, id);
    this.#count(row ? 1 : 0);
    return row;
  }

  async select(spec: QuerySpec, filter: SqlClause): Promise<JsonObject[]> {
    const at = this.#asked(spec, filter);
    const rows = await this.#source.select(spec, filter);
    const isFull = spec.limit !== undefined && rows.length >= spec.limit;
    if (isFull) this.reads[at] = rows.length === 0 ? nothing(spec.entity) : this.#upTo(spec, rows.at(-1)!);
    this.#count(rows.length);
    return rows;
  }

  async scan(spec: QuerySpec, filter: SqlClause, page: PageAfter): Promise<ScanPage> {
    const at = this.#asked(spec, filter);
    const found = await this.#source.scan(spec, filter, page);
    // That there is more is part of the result: the row that shows it is read too.
    const whole = found.next ? this.#upTo(spec, found.next) : this.reads[at]!;
    this.reads[at] = page.after ? this.#behind(spec, page.after, whole) : whole;
    this.#count(found.rows.length);
    return found;
  }

  count(spec: QuerySpec, filter: SqlClause): Promise<number> {
    this.#asked(spec, filter);
    return this.#source.count(spec, filter);
  }

  async related(relation: Relation): Promise<JsonObject[]> {
    const { entity, field, values } = relation;
    this.#asked({ entity, filter: { op: 'in', field, values } }, relation.filter);
    const rows = await this.#source.related(relation);
    this.#count(rows.length);
    return rows;
  }

  #asks(entity: string): void {
    if (this.#deps.access.readsIdentity(entity)) this.#asksIdentity = true;
  }

  /** Notes all that may meet it, before it is known what does: a read that fails has been read. */
  #asked({ entity, where, range, filter }: QuerySpec, clause: SqlClause): number {
    if (clause === NO_ROWS) return this.reads.push(nothing(entity)) - 1;
    const policy = this.#policies.get(clause);
    if (policy !== undefined) {
      const fixed = fixedBy({ where, range, filter });
      for (const dependency of this.#deps.access.dependencies('read', policy))
        this.reads.push({ condition: dependency.nearAll(fixed, this.#deps.viewer) });
    }
    return this.reads.push({ condition: { entity, where, range, filter } }) - 1;
  }

  /** Rows that come before `last` in the order, and `last`. */
  #upTo({ entity, where, range, filter, orderBy }: QuerySpec, last: JsonObject): RowRead {
    const { fields } = this.#deps.schema.entity(entity);
    const keys = totalOrder({ orderBy });
    const [first] = keys;
    // What the handler makes of the row is its own affair.
    const place = Object.fromEntries(keys.map(({ field }) => [field, last[field] ?? null]));
    const bound = first && boundOf(first, fields[first.field]?.spec.kind ?? 'id', place[first.field]!);
    const all = [filter, bound].filter((part) => part !== undefined);
    const condition = { entity, where, range, filter: { op: 'and' as const, filters: all } };
    const order = { entity, orderBy, fields };
    return { condition, holds: (row) => compareRows(order, row, place) <= 0 };
  }

  /** Of those, rows behind a place. */
  #behind({ entity, orderBy }: QuerySpec, after: readonly Json[], read: RowRead): RowRead {
    const { fields } = this.#deps.schema.entity(entity);
    const place = Object.fromEntries(totalOrder({ orderBy }).map(({ field }, i) => [field, after[i]!]));
    const order = { entity, orderBy, fields };
    const { condition, holds } = read;
    return { condition, holds: (row) => compareRows(order, row, place) > 0 && (!holds || holds(row)) };
  }

  #count(rows: number): void {
    this.#rows += rows;
    if (this.isOver) throw new Fault('too_large', `more than ${this.#deps.maxRows} rows were read`);
  }
}

function nothing(entity: string): RowRead {
  return { condition: { entity, filter: { op: 'in', field: 'id', values: [] } } };
}

/** Fields that every row of the query has with one value. */
function fixedBy({ where = {}, range, filter }: Pick<QuerySpec, 'where' | 'range' | 'filter'>): JsonObject {
  const fixed: Record<string, Json> = { ...where };
  const take = (part: Filter | undefined) => {
    if (part?.op === 'and') part.filters.forEach(take);
    else if (part?.op === 'eq') fixed[part.field] = part.value;
  };
  take(range);
  take(filter);
  return fixed;
}

/** What the rows up to one with `value` have in the first field of the order, said so that an index can use it. */
function boundOf(
  { field, direction }: { field: string; direction: 'asc' | 'desc' },
  kind: string,
  value: Json,
): Filter | undefined {
  // Null comes first, and what has an order of its own (schema/compare.ts) is left to `holds`.
  if (kind === 'json' || kind === 'bytes') return undefined;
  if (value === null) return direction === 'asc' ? { op: 'eq', field, value } : undefined;
  if (typeof value !== 'number' && typeof value !== 'string') return undefined;
  if (direction === 'desc') return { op: 'gte', field, value };
  return { op: 'not', filter: { op: 'gt', field, value } };
}

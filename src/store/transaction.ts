/**
 * One writing transaction: reads and writes rows, and collects a before and an after image of each row it
 * touched. It writes what it is told: asking the policy is the caller's part (functions/db-writer.ts).
 * After its job has ended, every method throws: a handler that was cut off cannot write into another's
 * transaction. [L7]
 */
import { Fault } from '../base/fault.ts';
import { type JsonObject, jsonEquals } from '../base/json.ts';
import type { SqlClause } from '../policy/to-sql.ts';
import type { Schema } from '../schema/define-schema.ts';
import type { QuerySpec } from '../schema/query-spec.ts';
import { quote } from './ddl.ts';
import { type Relation, selectRelated } from './related.ts';
import { toSql } from './row-codec.ts';
import { countRows, type PageAfter, type ScanPage, scanPage } from './scan.ts';
import { selectById, selectRows } from './select.ts';
import type { SqlDriver, SqlRow, SqlValue } from './sql-driver.ts';

/** One row's net effect: before is null for an insert, after for a delete. */
export interface Change {
  readonly entity: string;
  readonly id: string;
  readonly before: JsonObject | null;
  readonly after: JsonObject | null;
}

export class Transaction {
  readonly #driver: SqlDriver;
  readonly #schema: Schema;
  readonly #touched = new Map<string, Change>();
  #ended: { reason: Fault | undefined } | undefined;

  constructor(driver: SqlDriver, schema: Schema) {
    this.#driver = driver;
    this.#schema = schema;
  }

  get(entity: string, id: string): Promise<JsonObject | null> {
    return selectById(this.#open(), this.#schema.entity(entity), id);
  }

  /** Rows for which `filter` is not true do not count to the limit. */
  select(spec: QuerySpec, filter?: SqlClause): Promise<JsonObject[]> {
    return selectRows(this.#open(), { entity: this.#schema.entity(spec.entity), spec, filter });
  }

  /** A page of a query; looks at a bounded number of rows. */
  scan(spec: QuerySpec, filter: SqlClause, page: PageAfter): Promise<ScanPage> {
    return scanPage(this.#open(), { entity: this.#schema.entity(spec.entity), spec, filter, ...page });
  }

  count(spec: QuerySpec, filter: SqlClause): Promise<number> {
    return countRows(this.#open(), { entity: this.#schema.entity(spec.entity), spec, filter });
  }

  /** One level of an include. */
  related(relation: Relation): Promise<JsonObject[]> {
    return selectRelated(this.#open(), this.#schema.entity(relation.entity), relation);
  }

  /** `row` is whole and parsed. Throws `conflict` when the id or a unique value is taken. */
  async insert(entity: string, row: JsonObject): Promise<void> {
    const { name, fields } = this.#schema.entity(entity);
    const keys = Object.keys(fields);
    const columns = ['id', ...keys].map(quote).join(', ');
    const marks = Array(keys.length + 1)
      .fill('?')
      .join(', ');
    const values = keys.map((key) => toSql(fields[key]!.spec, row[key]));
    await this.#open().run(`INSERT INTO ${quote(name)} (${columns}) VALUES (${marks})`, [
      String(row.id),
      ...values,
    ]);
    this.#note({ entity, id: String(row.id), before: null, after: row });
  }

  /** Writes the fields of `patch`. Throws `not_found`. */
  async update(entity: string, id: string, patch: JsonObject): Promise<JsonObject> {
    const { name, fields } = this.#schema.entity(entity);
    const before = await this.get(entity, id);
    if (!before) throw new Fault('not_found', `no ${entity} ${id}`);
    const keys = Object.keys(patch).filter((key) => !jsonEquals(before[key], patch[key]));
    if (keys.length === 0) return before; // [L6]
    const after = { ...before, ...patch };
    const sets = keys.map((key) => `${quote(key)} = ?`).join(', ');
    const values = keys.map((key) => toSql(fields[key]!.spec, patch[key]));
    await this.#open().run(`UPDATE ${quote(name)} SET ${sets} WHERE "id" = ?`, [...values, id]);
    this.#note({ entity, id, before, after });
    return after;
  }

  /** Throws `not_found`. */
  async delete(entity: string, id: string): Promise<void> {
    const before = await this.get(entity, id);
    if (!before) throw new Fault('not_found', `no ${entity} ${id}`);
    await this.#open().run(`DELETE FROM ${quote(entity)} WHERE "id" = ?`, [id]);
    this.#note({ entity, id, before, after: null });
  }

  /** For the tables of plugins (names that begin with `_`); they are in no change log. */
  all(sql: string, params?: readonly SqlValue[]): Promise<SqlRow[]> {
    return this.#open().all(sql, params);
  }

  run(sql: string, params?: readonly SqlValue[]): Promise<number> {
    return this.#open().run(sql, params);
  }

  /** The net effect so far, one entry per row. */
  get changes(): Change[] {
    return [...this.#touched.values()].filter(({ before, after }) => !jsonEquals(before, after));
  }

  /** From now on every method throws: `reason`, if there is a better one than that the job is over. */
  end(reason?: Fault): void {
    this.#ended ??= { reason };
  }

  #open(): SqlDriver {
    // A Fault takes its stack with it, which costs more than a row: made only when it is thrown.
    if (this.#ended) throw this.#ended.reason ?? new Fault('internal', 'the transaction has ended');
    return this.#driver;
  }

  #note(change: Change): void {
    const key = `${change.entity} ${change.id}`;
    const earlier = this.#touched.get(key);
    this.#touched.set(key, earlier ? { ...change, before: earlier.before } : change);
  }
}

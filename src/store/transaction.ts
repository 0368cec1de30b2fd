/**
 * One writing transaction: reads and writes rows, and collects a before and an after image of each row it
 * touched. It writes what it is told: asking the policy is the caller's part (functions/db-writer.ts).
 * After its job has ended, every method throws: a handler that was cut off cannot write into another's
 * transaction. [L7]
 *
 * Many of them share one SQL transaction (group-commit.ts). `undo` takes this one back by writing the images
 * from before, last write first: a savepoint around every job would cost as much as all else that it writes.
 * Only statements of plugins (`run`), of which no image is known, are put behind a savepoint.
 */
import { Fault } from '../base/fault.ts';
import { type JsonObject, jsonEquals } from '../base/json.ts';
import type { SqlClause } from '../policy/to-sql.ts';
import type { QuerySpec } from '../schema/query-spec.ts';
import { type Relation, selectRelated } from './related.ts';
import type { RowStatements, Statement } from './row-statements.ts';
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

const READY = Promise.resolve();

export class Transaction {
  readonly #driver: SqlDriver;
  readonly #rows: RowStatements;
  /** In the order in which they reached the database. */
  #writes: Change[] = [];
  /** How many of the writes came before the savepoint. */
  #beforeSavepoint: number | undefined;
  readonly #underWay = new Set<Promise<unknown>>();
  #turn: Promise<void> = READY;
  #ended: { reason: Fault | undefined } | undefined;

  constructor(driver: SqlDriver, rows: RowStatements) {
    this.#driver = driver;
    this.#rows = rows;
  }

  get(entity: string, id: string): Promise<JsonObject | null> {
    return selectById(this.#open(), this.#rows.entity(entity), id);
  }

  /** Rows for which `filter` is not true do not count to the limit. */
  select(spec: QuerySpec, filter?: SqlClause): Promise<JsonObject[]> {
    return selectRows(this.#open(), { entity: this.#rows.entity(spec.entity), spec, filter });
  }

  /** A page of a query; looks at a bounded number of rows. */
  scan(spec: QuerySpec, filter: SqlClause, page: PageAfter): Promise<ScanPage> {
    return scanPage(this.#open(), { entity: this.#rows.entity(spec.entity), spec, filter, ...page });
  }

  count(spec: QuerySpec, filter: SqlClause): Promise<number> {
    return countRows(this.#open(), { entity: this.#rows.entity(spec.entity), spec, filter });
  }

  /** One level of an include. */
  related(relation: Relation): Promise<JsonObject[]> {
    return selectRelated(this.#open(), this.#rows.entity(relation.entity), relation);
  }

  /** `row` is whole and parsed. Throws `conflict` when the id or a unique value is taken. */
  async insert(entity: string, row: JsonObject): Promise<void> {
    const change = { entity, id: String(row.id), before: null, after: row };
    await this.#write(this.#rows.insert(entity, row), change);
  }

  /** Writes the fields of `patch`. Throws `not_found`. */
  update(entity: string, id: string, patch: JsonObject): Promise<JsonObject> {
    return this.#inTurn(async () => {
      const before = await this.#existing(entity, id);
      const keys = Object.keys(patch).filter((key) => !jsonEquals(before[key], patch[key]));
      if (keys.length === 0) return before; // [L6]
      const after = { ...before, ...patch };
      await this.#write(this.#rows.update(entity, keys, after), { entity, id, before, after });
      return after;
    });
  }

  /** Throws `not_found`. */
  delete(entity: string, id: string): Promise<void> {
    return this.#inTurn(async () => {
      const before = await this.#existing(entity, id);
      await this.#write(this.#rows.delete(entity, id), { entity, id, before, after: null });
    });
  }

  /** For the tables of plugins (names that begin with `_`); they are in no change log. */
  all(sql: string, params?: readonly SqlValue[]): Promise<SqlRow[]> {
    return this.#open().all(sql, params);
  }

  async run(sql: string, params?: readonly SqlValue[]): Promise<number> {
    const driver = this.#open();
    if (this.#beforeSavepoint !== undefined) return driver.run(sql, params);
    this.#beforeSavepoint = this.#writes.length;
    // Both are under way before anything else is: statements keep the order in which they were asked for.
    // When both fail, both are heard: a rejection that nobody awaits would end the process.
    const [, changed] = await Promise.all([driver.run('SAVEPOINT job'), driver.run(sql, params)]);
    return changed;
  }

  /** From now on every method throws: `reason`, if there is a better one than that the job is over. */
  end(reason?: Fault): void {
    this.#ended ??= { reason };
  }

  /** The net effect, one entry per row. Waits for writes that the job itself did not wait for. */
  async finish(): Promise<Change[]> {
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
    this.end();
    if (this.#writes.length <= 1) return this.#writes;
    const net = new Map<string, Change>();
    for (const change of this.#writes) {
      const key = `${change.entity} ${change.id}`;
      const earlier = net.get(key);
      net.set(key, earlier ? { ...change, before: earlier.before } : change);
    }
    return [...net.values()].filter(({ before, after }) => !jsonEquals(before, after));
  }

  /** The last step of a job that succeeded. */
  async keep(): Promise<void> {
    if (this.#beforeSavepoint !== undefined) await this.#driver.run('RELEASE job');
  }

  /** Takes back all that was written. Whatever it throws leaves the SQL transaction in an unknown state. */
  async undo(): Promise<void> {
    this.end();
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
    const driver = this.#driver;
    if (this.#beforeSavepoint !== undefined) {
      await driver.run('ROLLBACK TO job');
      await driver.run('RELEASE job');
    }
    for (const change of this.#writes.slice(0, this.#beforeSavepoint).reverse()) {
      const { sql, params } = this.#inverse(change);
      if ((await driver.run(sql, params)) !== 1)
        throw new Error(`undo of ${change.entity} ${change.id} failed`);
    }
  }

  #inverse({ entity, id, before, after }: Change): Statement {
    if (before === null) return this.#rows.delete(entity, id);
    if (after === null) return this.#rows.insert(entity, before);
    const keys = Object.keys(before).filter((key) => !jsonEquals(before[key], after[key]));
    return this.#rows.update(entity, keys, before);
  }

  async #existing(entity: string, id: string): Promise<JsonObject> {
    const row = await this.get(entity, id);
    if (!row) throw new Fault('not_found', `no ${entity} ${id}`);
    return row;
  }

  /** A row is read and written by one step at a time, so that its images are those of one moment. */
  #inTurn<T>(step: () => Promise<T>): Promise<T> {
    const running = this.#turn.then(step);
    const done = running.then(
      () => {},
      () => {},
    );
    this.#turn = done;
    return this.#follow(running);
  }

  /**
   * Notes the change at once, in the order of the statements, and strikes it out again if its own fails. Not
   * async, for every row that is written waits for it.
   */
  #write({ sql, params }: Statement, change: Change): Promise<void> {
    const running = this.#open().run(sql, params);
    this.#writes.push(change);
    this.#underWay.add(running);
    return running.then(
      () => void this.#underWay.delete(running),
      (error) => {
        this.#underWay.delete(running);
        const at = this.#writes.indexOf(change);
        this.#writes.splice(at, 1);
        if (this.#beforeSavepoint !== undefined && at < this.#beforeSavepoint) this.#beforeSavepoint--;
        throw error;
      },
    );
  }

  async #follow<T>(running: Promise<T>): Promise<T> {
    this.#underWay.add(running);
    try {
      return await running;
    } finally {
      this.#underWay.delete(running);
    }
  }

  #open(): SqlDriver {
    // A Fault takes its stack with it, which costs more than a row: made only when it is thrown.
    if (this.#ended) throw this.#ended.reason ?? new Fault('internal', 'the transaction has ended');
    // A handler that caught the failure would write on, each statement for itself. [L8]
    if (!this.#driver.inTransaction) throw new Fault('storage', 'the transaction was lost');
    return this.#driver;
  }
}

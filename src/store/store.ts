/**
 * The store: rows in SQL, one writer lane, consistent reads, the change log, and news of each commit.
 * Reads run on a connection of their own, each inside one snapshot, and never wait for the writer. [L7]
 */
import { Emitter } from '../base/emitter.ts';
import type { Cancel, Env } from '../base/env.ts';
import { isFault } from '../base/fault.ts';
import { newId } from '../base/id.ts';
import type { JsonObject } from '../base/json.ts';
import { Lane } from '../base/lane.ts';
import type { SqlClause } from '../policy/to-sql.ts';
import type { Schema } from '../schema/define-schema.ts';
import type { QuerySpec } from '../schema/query-spec.ts';
import { ChangeLog, type Commit, LOG_TABLES, widenLog } from './change-log.ts';
import {
  DEFAULT_GROUP_COMMIT,
  GroupCommit,
  type GroupCommitOptions,
  type Work,
  type WriteOptions,
  type Written,
} from './group-commit.ts';
import { logMigration, type Migration, migrateWithin } from './migrate.ts';
import { type Relation, selectRelated } from './related.ts';
import { DEFAULT_RETENTION, findCut, isOver, type RetentionOptions } from './retention.ts';
import { countRows, type PageAfter, type ScanPage, scanPage } from './scan.ts';
import { type PageOf, type RowPage, selectById, selectPage, selectRows } from './select.ts';
import type { SqlDriver, SqlRow, SqlValue } from './sql-driver.ts';
import { SteadyClock } from './steady-clock.ts';
import type { Transaction } from './transaction.ts';

export interface Drivers {
  readonly writer: SqlDriver;
  readonly reader: SqlDriver;
}

export interface StoreOptions extends GroupCommitOptions, RetentionOptions {}

export const DEFAULT_STORE: StoreOptions = { ...DEFAULT_GROUP_COMMIT, ...DEFAULT_RETENTION };

/** Reads only, if at all. What it throws fails the transaction. */
export type Survey = (tx: Transaction, commit: Commit) => Promise<void> | undefined;

/** Transactions that are forgotten at once: other writes wait meanwhile. */
const TRIM_COMMITS = 500;

/** One consistent moment of the database. Valid inside `Store.read` alone. */
export class Snapshot {
  readonly #driver: SqlDriver;
  readonly #schema: Schema;
  readonly #log: ChangeLog;

  constructor(driver: SqlDriver, schema: Schema, log: ChangeLog) {
    this.#driver = driver;
    this.#schema = schema;
    this.#log = log;
  }

  get(entity: string, id: string): Promise<JsonObject | null> {
    return selectById(this.#driver, this.#schema.entity(entity), id);
  }

  /** Rows for which `filter` is not true do not count to the limit. */
  select(spec: QuerySpec, filter?: SqlClause): Promise<JsonObject[]> {
    return selectRows(this.#driver, { entity: this.#schema.entity(spec.entity), spec, filter });
  }

  /** A page of a query; looks at a bounded number of rows. */
  scan(spec: QuerySpec, filter: SqlClause, page: PageAfter): Promise<ScanPage> {
    return scanPage(this.#driver, { entity: this.#schema.entity(spec.entity), spec, filter, ...page });
  }

  count(spec: QuerySpec, filter: SqlClause): Promise<number> {
    return countRows(this.#driver, { entity: this.#schema.entity(spec.entity), spec, filter });
  }

  /** One level of an include. */
  related(relation: Relation): Promise<JsonObject[]> {
    return selectRelated(this.#driver, this.#schema.entity(relation.entity), relation);
  }

  /** Rows in order of id. */
  page(entity: string, page: PageOf): Promise<RowPage> {
    return selectPage(this.#driver, this.#schema.entity(entity), page);
  }

  /** The last transaction that is part of it. */
  seq(): Promise<number> {
    return this.#log.seq(this.#driver);
  }

  /** Commits after `seq`. Throws `stale_cursor` below the horizon. */
  since(seq: number, limit: number): Promise<Commit[]> {
    return this.#log.since(this.#driver, seq, limit);
  }

  all(sql: string, params?: readonly SqlValue[]): Promise<SqlRow[]> {
    return this.#driver.all(sql, params);
  }
}

export class Store {
  readonly #env: Env;
  readonly #schema: Schema;
  readonly #drivers: Drivers;
  readonly #options: StoreOptions;
  readonly #log = new ChangeLog();
  readonly #clock: SteadyClock;
  readonly #writes: GroupCommit;
  readonly #reads = new Lane();
  #survey: Survey | undefined;
  readonly #onCommit = new Emitter<[readonly Commit[]]>();
  #epoch = '';
  #trimming = false;

  constructor(env: Env, deps: { schema: Schema; drivers: Drivers }, options: Partial<StoreOptions> = {}) {
    this.#env = env;
    this.#clock = new SteadyClock(env.clock);
    this.#schema = deps.schema;
    this.#drivers = deps.drivers;
    this.#options = { ...DEFAULT_STORE, ...options };
    const group = { driver: deps.drivers.writer, schema: deps.schema, log: this.#log };
    this.#writes = new GroupCommit(
      env,
      {
        ...group,
        now: () => this.now(),
        committed: (commits) => this.#committed(commits),
        closing: (tx, commit) => this.#survey?.(tx, commit),
      },
      this.#options,
    );
  }

  /** Names this history of the database; another epoch voids every cursor. [L5] */
  get epoch(): string {
    return this.#epoch;
  }

  /** By which the log and the ledger age, in milliseconds: wall time that never leaps (steady-clock.ts). */
  now(): number {
    return this.#clock.now();
  }

  /** The last committed transaction. */
  get seq(): number {
    return this.#writes.seq;
  }

  get horizon(): number {
    return this.#log.horizon;
  }

  /** Writes that wait for their turn. */
  get waiting(): number {
    return this.#writes.waiting;
  }

  /**
   * Makes what tables and columns are missing. `extraTables` are the plugins' `CREATE ... IF NOT EXISTS`
   * statements. Throws `invalid` when the rows need a migration first, and changes nothing then.
   */
  async open(extraTables: readonly string[] = []): Promise<void> {
    const { writer } = this.#drivers;
    const database = { driver: writer, schema: this.#schema };
    let migration: Migration;
    await writer.run('BEGIN IMMEDIATE');
    try {
      for (const sql of [...LOG_TABLES, ...extraTables]) await writer.run(sql);
      await widenLog(writer);
      migration = await migrateWithin(this.#env, database, { allow: 'additive', data: {} });
      await this.#clock.open(writer);
      await writer.run(`INSERT OR IGNORE INTO _meta (key, value) VALUES ('epoch', ?)`, [newId(this.#env)]);
      await writer.run('COMMIT');
    } catch (error) {
      await writer.run('ROLLBACK').catch(() => {});
      throw error;
    }
    const [row] = await writer.all(`SELECT value FROM _meta WHERE key = 'epoch'`);
    this.#epoch = String(row?.value);
    this.#writes.open(await this.#log.open(writer));
    logMigration(this.#env, migration);
    this.#keepWithin();
  }

  /** Runs `work` in its turn, in a transaction of its own; resolves when it is durable. */
  write<T>(work: Work<T>, options?: WriteOptions): Promise<Written<T>> {
    return this.#writes.run(work, options);
  }

  /** Runs `work` on one snapshot. Long work holds up other reads, never writes. */
  read<T>(work: (snapshot: Snapshot) => Promise<T>): Promise<T> {
    return this.#reads.run(async () => {
      const { reader } = this.#drivers;
      await reader.run('BEGIN');
      try {
        return await work(new Snapshot(reader, this.#schema, this.#log));
      } finally {
        if (reader.inTransaction) await reader.run('COMMIT'); // what damages it ends it, too
      }
    });
  }

  /** Each COMMIT's transactions in order, right after it and before the writers hear of it. */
  onCommit(listener: (commits: readonly Commit[]) => void): Cancel {
    return this.#onCommit.on(listener);
  }

  /** Lets `survey` read the rows as each transaction leaves them; `onCommit` then gives the same objects. */
  surveyWith(survey: Survey): void {
    this.#survey = survey;
  }

  /** Forgets commits at or below `seq`. */
  async trim(seq: number): Promise<void> {
    const upTo = Math.min(seq, this.seq);
    if (upTo <= this.horizon) return;
    const { value: trimmed } = await this.write(async ({ tx }) => {
      await this.#clock.save(tx);
      return this.#log.trim(tx, upTo);
    });
    trimmed();
  }

  async close(): Promise<void> {
    await this.#writes.close();
    await this.#reads.idle();
    await this.#drivers.reader.close();
    await this.#drivers.writer.close();
  }

  #committed(commits: Commit[]): void {
    this.#log.committed(commits);
    this.#onCommit.emit(commits);
    this.#keepWithin();
  }

  /** Trims the log when it has grown over its limits. */
  #keepWithin(): void {
    if (this.#trimming || !isOver(this.#log.extent, this.#options, this.now())) return;
    this.#trimming = true;
    this.#reads
      .run(() => findCut(this.#drivers.reader, this.#options, this.now()))
      .then(async (cut) => {
        while (this.horizon < cut) await this.trim(Math.min(cut, this.horizon + TRIM_COMMITS));
      })
      .catch((error) => {
        if (!isFault(error, 'unavailable'))
          this.#env.log.error('store.trim_failed', { error: String(error) });
      })
      .finally(() => {
        this.#trimming = false;
      });
  }
}

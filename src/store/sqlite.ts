/**
 * SqlDriver over node:sqlite. The calls beneath are synchronous, so a promise here is a microtask, not a
 * thread; group-commit.ts keeps what happens between two turns short.
 */
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { Fault } from '../base/fault.ts';
import type { SqlDriver, SqlRow, SqlValue } from './sql-driver.ts';

export interface SqliteOptions {
  /** FULL: a commit is on the disk when it returns [L2]. OFF is for simulations alone. */
  synchronous: 'FULL' | 'OFF';
  readOnly?: boolean;
}

/** Prepared statements of each sort kept per connection; one more, and all are prepared anew as they are needed. */
const MAX_STATEMENTS = 512;
const BUSY_TIMEOUT_MS = 5000;

/** Opens (and makes, unless `readOnly`) a database file in WAL mode. Throws Fault `storage`. */
export function openSqlite(path: string, options: SqliteOptions): SqlDriver {
  try {
    const db = new DatabaseSync(path, { readOnly: options.readOnly ?? false, timeout: BUSY_TIMEOUT_MS });
    if (!options.readOnly) {
      db.exec('PRAGMA journal_mode = WAL');
      db.exec('PRAGMA foreign_keys = ON');
    }
    db.exec(`PRAGMA synchronous = ${options.synchronous}`);
    return new SqliteDriver(db);
  } catch (error) {
    throw sqlFault(error);
  }
}

class SqliteDriver implements SqlDriver {
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  /** Those that give lists. */
  readonly #listing = new Map<string, StatementSync>();

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  get inTransaction(): boolean {
    return this.#db.isTransaction;
  }

  async all(sql: string, params: readonly SqlValue[] = []): Promise<SqlRow[]> {
    try {
      return this.#prepare(sql).all(...params) as SqlRow[];
    } catch (error) {
      throw sqlFault(error);
    }
  }

  async lists(sql: string, params: readonly SqlValue[] = []): Promise<SqlValue[][]> {
    try {
      const rows: unknown = this.#prepareLists(sql).all(...params);
      return rows as SqlValue[][];
    } catch (error) {
      throw sqlFault(error);
    }
  }

  async run(sql: string, params: readonly SqlValue[] = []): Promise<number> {
    try {
      return Number(this.#prepare(sql).run(...params).changes);
    } catch (error) {
      throw sqlFault(error);
    }
  }

  async close(): Promise<void> {
    if (!this.#db.isOpen) return;
    this.#statements.clear();
    this.#listing.clear();
    this.#db.close();
  }

  #prepare(sql: string, cache = this.#statements): StatementSync {
    const known = cache.get(sql);
    if (known) return known;
    if (cache.size >= MAX_STATEMENTS) cache.clear();
    const statement = this.#db.prepare(sql);
    cache.set(sql, statement);
    return statement;
  }

  #prepareLists(sql: string): StatementSync {
    const known = this.#listing.get(sql);
    if (known) return known;
    const statement = this.#prepare(sql, this.#listing);
    statement.setReturnArrays(true);
    return statement;
  }
}

const CONSTRAINT = 19;
/** SQLITE_READONLY, IOERR, CORRUPT, FULL, CANTOPEN, NOTADB: https://sqlite.org/rescode.html */
const STORAGE = new Set([8, 10, 11, 13, 14, 26]);

function sqlFault(error: unknown): unknown {
  const code =
    typeof error === 'object' && error !== null && 'errcode' in error ? Number(error.errcode) & 255 : -1;
  if (code === CONSTRAINT)
    return new Fault('conflict', 'a constraint of the database forbids this', undefined, { cause: error });
  if (STORAGE.has(code))
    return new Fault('storage', 'the database cannot be read or written', undefined, { cause: error });
  return error;
}

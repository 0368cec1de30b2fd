/**
 * The change log: every committed transaction, in commit order, until it is trimmed.
 * Written inside the same SQL transaction as the rows (group-commit.ts); read by sync/.
 * [L1] seq grows by exactly one per writing transaction. [L4] nothing at or below `horizon` is readable,
 * and a transaction is one row of the log, so trimming cannot cut it.
 */
import { Fault } from '../base/fault.ts';
import type { JsonObject } from '../base/json.ts';
import type { SqlDriver } from './sql-driver.ts';
import type { Change } from './transaction.ts';

export interface Commit {
  readonly seq: number;
  /** By the store's steady clock, ms since 1970. */
  readonly at: number;
  readonly changes: readonly Change[];
}

/** What the log holds. */
export interface LogExtent {
  readonly commits: number;
  /** Of the changes, as JSON in UTF-8. */
  readonly bytes: number;
  /** Of the oldest transaction. */
  readonly oldestAt: number | null;
}

/** A running sum, so that neither a start nor a trim has to add up the log. */
interface Sum {
  /** Bytes of a transaction and of all before it, since the beginning. */
  readonly total: number;
  readonly at: number;
}

export const LOG_TABLES = [
  `CREATE TABLE IF NOT EXISTS _meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT`,
  `CREATE TABLE IF NOT EXISTS _log (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, changes TEXT NOT NULL,
    total INTEGER NOT NULL DEFAULT 0) STRICT`,
];

type StoredChange = [entity: string, id: string, before: JsonObject | null, after: JsonObject | null];

export class ChangeLog {
  #horizon = 0;
  #last = 0;
  #lastAt = 0;
  #total = 0;
  /** The total at the horizon. */
  #forgotten = 0;
  #oldestAt: number | null = null;
  /** Sums of transactions appended and not committed yet, by seq. */
  readonly #appended = new Map<number, Sum>();

  /** Commits at or below this seq are gone. */
  get horizon(): number {
    return this.#horizon;
  }

  get extent(): LogExtent {
    return {
      commits: this.#last - this.#horizon,
      bytes: this.#total - this.#forgotten,
      oldestAt: this.#oldestAt,
    };
  }

  /** Reads the horizon and returns the last seq. */
  async open(driver: SqlDriver): Promise<number> {
    this.#horizon = await storedHorizon(driver);
    const [last] = await driver.all('SELECT seq, total FROM _log ORDER BY seq DESC LIMIT 1');
    this.#last = Number(last?.seq ?? this.#horizon);
    this.#total = Number(last?.total ?? 0);
    const [first] = await driver.all(
      'SELECT at, total - octet_length(changes) AS base FROM _log ORDER BY seq LIMIT 1',
    );
    this.#forgotten = Math.max(0, Number(first?.base ?? this.#total));
    this.#oldestAt = first ? Number(first.at) : null;
    return this.#last;
  }

  async append(driver: SqlDriver, commit: Commit): Promise<void> {
    const changes: StoredChange[] = commit.changes.map(({ entity, id, before, after }) => [
      entity,
      id,
      before,
      after,
    ]);
    const text = JSON.stringify(changes);
    const before = this.#appended.get(commit.seq - 1)?.total ?? this.#total;
    const total = before + Buffer.byteLength(text);
    this.#appended.set(commit.seq, { total, at: commit.at }); // replaces that of a job that was rolled back
    await driver.run('INSERT INTO _log (seq, at, changes, total) VALUES (?, ?, ?, ?)', [
      commit.seq,
      commit.at,
      text,
      total,
    ]);
  }

  /** Takes note of what a COMMIT has made durable. */
  committed(commits: readonly Commit[]): void {
    for (const { seq, at } of commits) {
      this.#last = seq;
      this.#lastAt = at;
      this.#total = this.#appended.get(seq)?.total ?? this.#total;
      this.#oldestAt ??= at;
    }
    this.#appended.clear();
  }

  /** The last transaction that this connection sees. */
  async seq(driver: SqlDriver): Promise<number> {
    const [row] = await driver.all(
      `SELECT max(coalesce((SELECT max(seq) FROM _log), 0),
        coalesce((SELECT CAST(value AS INTEGER) FROM _meta WHERE key = 'horizon'), 0)) AS seq`,
    );
    return Number(row?.seq);
  }

  /** Up to `limit` commits after `seq`, in order. Throws `stale_cursor` below the horizon. */
  async since(driver: SqlDriver, seq: number, limit: number): Promise<Commit[]> {
    // A snapshot may be newer than what this object knows: between the COMMIT of a trim and `trimmed`.
    const horizon = Math.max(this.#horizon, await storedHorizon(driver));
    if (seq < horizon) throw new Fault('stale_cursor', 'the log does not reach back that far');
    const rows = await driver.all('SELECT seq, at, changes FROM _log WHERE seq > ? ORDER BY seq LIMIT ?', [
      seq,
      limit,
    ]);
    return rows.map((row) => ({
      seq: Number(row.seq),
      at: Number(row.at),
      changes: (JSON.parse(String(row.changes)) as StoredChange[]).map(([entity, id, before, after]) => ({
        entity,
        id,
        before,
        after,
      })),
    }));
  }

  /**
   * Forgets commits at or below `seq`, which is one of them. Call it inside a write, and what it returns after
   * the commit.
   */
  async trim(driver: Pick<SqlDriver, 'run' | 'all'>, seq: number): Promise<() => void> {
    const [at] = await driver.all('SELECT total FROM _log WHERE seq = ?', [seq]);
    await driver.run('DELETE FROM _log WHERE seq <= ?', [seq]);
    await driver.run(`INSERT OR REPLACE INTO _meta (key, value) VALUES ('horizon', ?)`, [String(seq)]);
    const [first] = await driver.all('SELECT at FROM _log ORDER BY seq LIMIT 1');
    return () => {
      this.#horizon = Math.max(this.#horizon, seq);
      this.#forgotten = Number(at?.total ?? this.#forgotten);
      // Without a row then, the oldest there is now came in the same COMMIT.
      this.#oldestAt = first ? Number(first.at) : this.#last > seq ? this.#lastAt : null;
    };
  }
}

/** Databases of before the log was bounded by bytes lack the column; what they hold counts for nothing. */
export async function widenLog(driver: SqlDriver): Promise<void> {
  const columns = await driver.all('PRAGMA table_info(_log)');
  if (columns.some(({ name }) => name === 'total')) return;
  await driver.run('ALTER TABLE _log ADD COLUMN total INTEGER NOT NULL DEFAULT 0');
}

async function storedHorizon(driver: SqlDriver): Promise<number> {
  const [meta] = await driver.all(`SELECT value FROM _meta WHERE key = 'horizon'`);
  return Number(meta?.value ?? 0);
}

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
  /** Wall time of the commit, ms since 1970. */
  readonly at: number;
  readonly changes: readonly Change[];
}

export const LOG_TABLES = [
  `CREATE TABLE IF NOT EXISTS _meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT`,
  `CREATE TABLE IF NOT EXISTS _log (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, changes TEXT NOT NULL) STRICT`,
];

type StoredChange = [entity: string, id: string, before: JsonObject | null, after: JsonObject | null];

export class ChangeLog {
  #horizon = 0;

  /** Commits at or below this seq are gone. */
  get horizon(): number {
    return this.#horizon;
  }

  /** Reads the horizon and returns the last seq. */
  async open(driver: SqlDriver): Promise<number> {
    const [meta] = await driver.all(`SELECT value FROM _meta WHERE key = 'horizon'`);
    this.#horizon = Number(meta?.value ?? 0);
    const [last] = await driver.all('SELECT MAX(seq) AS seq FROM _log');
    return Number(last?.seq ?? this.#horizon);
  }

  async append(driver: SqlDriver, commit: Commit): Promise<void> {
    const changes: StoredChange[] = commit.changes.map(({ entity, id, before, after }) => [
      entity,
      id,
      before,
      after,
    ]);
    await driver.run('INSERT INTO _log (seq, at, changes) VALUES (?, ?, ?)', [
      commit.seq,
      commit.at,
      JSON.stringify(changes),
    ]);
  }

  /** Up to `limit` commits after `seq`, in order. Throws `stale_cursor` below the horizon. */
  async since(driver: SqlDriver, seq: number, limit: number): Promise<Commit[]> {
    if (seq < this.#horizon) throw new Fault('stale_cursor', 'the log does not reach back that far');
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

  /** Forgets commits at or below `seq`. Call it inside a write; `trimmed` after its commit. */
  async trim(driver: Pick<SqlDriver, 'run'>, seq: number): Promise<void> {
    await driver.run('DELETE FROM _log WHERE seq <= ?', [seq]);
    await driver.run(`INSERT OR REPLACE INTO _meta (key, value) VALUES ('horizon', ?)`, [String(seq)]);
  }

  trimmed(seq: number): void {
    this.#horizon = Math.max(this.#horizon, seq);
  }
}

/**
 * How far back the log reaches: by count, age and bytes, whichever is first. [L4]
 * The store asks `isOver` after each commit and at start, and trims up to `findCut`. Trimming waits until a limit
 * is passed by a tenth, so that it is rare; then it goes all the way down to the limits.
 */
import type { LogExtent } from './change-log.ts';
import type { SqlDriver } from './sql-driver.ts';

export interface RetentionOptions {
  /** Transactions kept. */
  logCommits: number;
  /** Age of the oldest transaction kept, by the store's steady clock. */
  logAgeMs: number;
  /** Bytes of the changes kept, as JSON in UTF-8. */
  logBytes: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;

export const DEFAULT_RETENTION: RetentionOptions = {
  logCommits: 100_000,
  logAgeMs: 30 * DAY_MS,
  logBytes: 256 << 20,
};

const SLACK = 1.1;

export function isOver(extent: LogExtent, limits: RetentionOptions, now: number): boolean {
  return (
    extent.commits > limits.logCommits * SLACK ||
    extent.bytes > limits.logBytes * SLACK ||
    (extent.oldestAt !== null && now - extent.oldestAt > limits.logAgeMs * SLACK)
  );
}

/**
 * The highest seq to be forgotten: the transactions behind it are within all limits. 0 when the log is empty.
 * Reads what is to be forgotten and one row more.
 */
export async function findCut(
  driver: Pick<SqlDriver, 'all'>,
  limits: RetentionOptions,
  now: number,
): Promise<number> {
  const [last] = await driver.all('SELECT seq, total FROM _log ORDER BY seq DESC LIMIT 1');
  if (!last) return 0;
  const [first] = await driver.all(
    `SELECT seq FROM _log
     WHERE seq > ? AND at >= ? AND ? - total + octet_length(changes) <= ? ORDER BY seq LIMIT 1`,
    [Number(last.seq) - limits.logCommits, now - limits.logAgeMs, Number(last.total), limits.logBytes],
  );
  return first ? Number(first.seq) - 1 : Number(last.seq);
}

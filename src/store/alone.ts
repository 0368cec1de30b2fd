/**
 * Whether this process is the only one that has the database open. For commands that change what a running server
 * takes for granted: its tables, its file. Asked by cli/.
 */
import { Fault } from '../base/fault.ts';
import type { SqlDriver } from './sql-driver.ts';

const BUSY = 5;

/** Throws `conflict` when another connection is open. The driver must have no transaction. */
export async function requireAlone(driver: SqlDriver): Promise<void> {
  try {
    // SQLite leaves the WAL mode only for its last connection (https://sqlite.org/wal.html, "Persistence of WAL mode").
    await driver.run('PRAGMA busy_timeout = 0');
    await driver.all('PRAGMA journal_mode = DELETE');
    await driver.all('PRAGMA journal_mode = WAL');
  } catch (cause) {
    const isBusy = cause instanceof Error && 'errcode' in cause && (Number(cause.errcode) & 255) === BUSY;
    if (!isBusy) throw cause;
    throw new Fault('conflict', 'another process has the database open: stop the server first', undefined, {
      cause,
    });
  }
}

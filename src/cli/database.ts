/** The database that a command looks at. */
import { existsSync } from 'node:fs';
import { Fault } from '../base/fault.ts';
import type { SqlDriver } from '../store/sql-driver.ts';
import { openSqlite } from '../store/sqlite.ts';

/** Throws `not_found` without such a file: a command never makes a database by a slip of the finger. */
export async function withDatabase<T>(
  path: string,
  mode: 'read' | 'write',
  work: (driver: SqlDriver) => Promise<T>,
): Promise<T> {
  if (!existsSync(path)) throw new Fault('not_found', `no database ${path}`);
  const driver = openSqlite(path, { synchronous: 'FULL', readOnly: mode === 'read' });
  try {
    return await work(driver);
  } finally {
    await driver.close();
  }
}

/** Whether Ternion made this database. */
export async function isTernion(driver: SqlDriver): Promise<boolean> {
  return (await driver.all(`SELECT 1 FROM sqlite_schema WHERE name = '_meta'`)).length > 0;
}

/** What `_meta` holds under `key`. */
export async function readMeta(driver: SqlDriver, key: string): Promise<string | undefined> {
  const [row] = await driver.all('SELECT value FROM _meta WHERE key = ?', [key]);
  return row && String(row.value);
}

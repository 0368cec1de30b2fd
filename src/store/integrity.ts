/** Whether a database file is sound. For the backup of one, and for whoever operates a server. */
import { isFault } from '../base/fault.ts';
import type { SqlDriver } from './sql-driver.ts';

/**
 * What is wrong, as SQLite says it; empty when nothing is. `quick` reads every page once, `full` also compares
 * indexes with their tables (https://sqlite.org/pragma.html#pragma_integrity_check).
 */
export async function checkIntegrity(
  driver: SqlDriver,
  depth: 'quick' | 'full' = 'quick',
): Promise<string[]> {
  try {
    const rows = await driver.all(depth === 'full' ? 'PRAGMA integrity_check' : 'PRAGMA quick_check');
    return rows.map((row) => String(Object.values(row)[0])).filter((line) => line !== 'ok');
  } catch (error) {
    if (!isFault(error, 'storage')) throw error;
    return [error.cause instanceof Error ? error.cause.message : error.message];
  }
}

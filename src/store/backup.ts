/**
 * Copies of a database file. A backup is taken while the server runs: it shows one moment, and neither waits for
 * the writer nor holds it up. A restored one is another history, so it begins an epoch. [L5]
 */
import { existsSync, renameSync, rmSync } from 'node:fs';
import { backup, DatabaseSync } from 'node:sqlite';
import type { Env } from '../base/env.ts';
import { Fault } from '../base/fault.ts';
import { checkIntegrity } from './integrity.ts';
import { beginEpoch } from './migrate.ts';
import { openSqlite } from './sqlite.ts';

/** Pages per step of a copy: about 4 MB, between which the process does other things. */
const PAGES_PER_STEP = 1000;

/**
 * Copies the database at `from` into the new file `to`, which appears when it is whole and sound. Throws
 * `conflict` when there is such a file, `storage` when the original cannot be read or is damaged.
 */
export async function backUp(from: string, to: string): Promise<void> {
  await copyDatabase(from, to, async () => {});
}

/**
 * Makes the new database `to` of the backup `from`, with an epoch of its own. Throws as `backUp` does. To go
 * back in place: stop the server, move its file and the -wal and -shm beside it away, restore, start.
 */
export async function restore(env: Env, from: string, to: string): Promise<void> {
  await copyDatabase(from, to, async (path) => {
    const driver = openSqlite(path, { synchronous: 'FULL' });
    try {
      await driver.run('BEGIN IMMEDIATE');
      await beginEpoch(env, driver);
      await driver.run('COMMIT');
    } finally {
      await driver.close();
    }
  });
}

async function copyDatabase(
  from: string,
  to: string,
  finish: (path: string) => Promise<void>,
): Promise<void> {
  const taken = [to, `${to}-wal`, `${to}-shm`].find((path) => existsSync(path));
  if (taken !== undefined) throw new Fault('conflict', `${taken} exists already`);
  const partial = `${to}.partial`;
  discard(partial);
  try {
    await copyPages(from, partial);
    await requireSound(partial);
    await finish(partial);
    renameSync(partial, to);
  } catch (error) {
    throw error instanceof Fault
      ? error
      : new Fault('storage', `${from} could not be copied to ${to}`, undefined, { cause: error });
  } finally {
    discard(partial);
  }
}

async function copyPages(from: string, to: string): Promise<void> {
  const source = new DatabaseSync(from, { readOnly: true });
  try {
    // Within a read transaction no write of another connection is seen, which would begin the copy anew.
    source.exec('BEGIN');
    source.prepare('SELECT COUNT(*) FROM sqlite_schema').get();
    await backup(source, to, { rate: PAGES_PER_STEP });
  } finally {
    source.close();
  }
}

async function requireSound(path: string): Promise<void> {
  const driver = openSqlite(path, { synchronous: 'FULL' });
  try {
    const problems = await checkIntegrity(driver);
    const [tables] = await driver.all(`SELECT COUNT(*) AS n FROM sqlite_schema WHERE name = '_meta'`);
    if (tables?.n !== 1) problems.push('it is no database of Ternion');
    if (problems.length > 0)
      throw new Fault('storage', `the copy is damaged: ${problems[0]}`, { problems: problems.slice(0, 20) });
  } finally {
    await driver.close();
  }
}

function discard(path: string): void {
  for (const file of [path, `${path}-wal`, `${path}-shm`, `${path}-journal`]) rmSync(file, { force: true });
}

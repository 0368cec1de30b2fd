/** `ternion backup` and `ternion restore`. */
import { existsSync, renameSync, rmSync } from 'node:fs';
import { Fault, isFault } from '../base/fault.ts';
import { nodeEnv } from '../server/node-env.ts';
import { requireAlone } from '../store/alone.ts';
import { backUp, restore } from '../store/backup.ts';
import { withDatabase } from './database.ts';
import type { Report } from './report.ts';

/** A server may run on the database meanwhile. Throws `conflict` when `to` exists. */
export async function backupCommand(database: string, to: string): Promise<Report> {
  requireFile(database);
  await backUp(database, to);
  return { ok: true, lines: [`${database} is backed up in ${to}`] };
}

/**
 * Throws `conflict` when `database` exists, without `force`, and while a server runs on it; else the old files go
 * when the new one is whole.
 */
export async function restoreCommand(
  backup: string,
  database: string,
  { force = false }: { force?: boolean },
): Promise<Report> {
  requireFile(backup);
  if (existsSync(database) && !force)
    throw new Fault('conflict', `${database} exists: move it away, or say --force to lose what it holds`);
  if (existsSync(database)) await requireUnused(database);
  const fresh = `${database}.restored`;
  rmSync(fresh, { force: true });
  await restore(nodeEnv('warn'), backup, fresh);
  for (const part of ['-wal', '-shm']) rmSync(`${database}${part}`, { force: true });
  renameSync(fresh, database);
  return { ok: true, lines: [`${database} is as ${backup} was; clients begin anew`] };
}

/** A damaged database may be replaced, one that is in use may not. */
async function requireUnused(path: string): Promise<void> {
  try {
    await withDatabase(path, 'write', requireAlone);
  } catch (error) {
    if (!isFault(error, 'storage')) throw error;
  }
}

function requireFile(path: string): void {
  if (!existsSync(path)) throw new Fault('not_found', `no database ${path}`);
}

/**
 * The table of scheduled jobs, statement by statement. Schedule writes it for `ctx.scheduler`, JobRunner for
 * what became of a job. A job is `pending`; an action is `running` from when it was claimed; what failed stays
 * as `failed`, up to a number. Done jobs have no row.
 */
import { Fault, type FaultJson } from '../base/fault.ts';
import type { Json } from '../base/json.ts';
import { parseShape, s } from '../base/shape.ts';
import type { Viewer } from '../policy/viewer.ts';
import type { SqlRow } from '../store/sql-driver.ts';
import type { Transaction } from '../store/transaction.ts';

export const JOB_TABLES = [
  `CREATE TABLE IF NOT EXISTS _scheduled (
     n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, state TEXT NOT NULL, due INTEGER NOT NULL,
     fn TEXT NOT NULL, args TEXT NOT NULL, viewer TEXT NOT NULL, ended INTEGER, error TEXT) STRICT`,
  'CREATE INDEX IF NOT EXISTS _scheduled_due ON _scheduled (state, due, n)',
  // To count thousands of rows for each new one would cost more than all else that it writes.
  'CREATE TABLE IF NOT EXISTS _scheduled_pending (n INTEGER NOT NULL) STRICT',
  'INSERT INTO _scheduled_pending SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM _scheduled_pending)',
  `CREATE TRIGGER IF NOT EXISTS _scheduled_more AFTER INSERT ON _scheduled
     BEGIN UPDATE _scheduled_pending SET n = n + 1; END`,
  `CREATE TRIGGER IF NOT EXISTS _scheduled_gone AFTER DELETE ON _scheduled WHEN OLD.state = 'pending'
     BEGIN UPDATE _scheduled_pending SET n = n - 1; END`,
  `CREATE TRIGGER IF NOT EXISTS _scheduled_begun AFTER UPDATE OF state ON _scheduled
     WHEN OLD.state = 'pending' AND NEW.state <> 'pending'
     BEGIN UPDATE _scheduled_pending SET n = n - 1; END`,
];

export interface Job {
  readonly id: string;
  /** ms since 1970 */
  readonly due: number;
  readonly fn: string;
  readonly args: Json;
  /** Who scheduled it, as it was then. */
  readonly viewer: Viewer;
}

export interface FailedJob extends Job {
  /** ms since 1970 */
  readonly endedAt: number;
  readonly error: FaultJson;
}

const viewerShape = s.object({
  userId: s.nullable(s.string()),
  kind: s.oneOf('anonymous', 'guest', 'user'),
  roles: s.array(s.string()),
  name: s.nullable(s.string()),
});
const errorShape = s.object({ code: s.string(), message: s.string(), data: s.optional(s.json()) });

/** `argsText` is the arguments as JSON. Throws `overloaded` when `max` jobs are pending. */
export async function addJob(
  tx: Transaction,
  job: Omit<Job, 'args'> & { argsText: string },
  max: number,
): Promise<void> {
  const [size] = await tx.all('SELECT n FROM _scheduled_pending');
  if (Number(size?.n) >= max) throw new Fault('overloaded', `more than ${max} jobs are scheduled`);
  const sql = `INSERT INTO _scheduled (id, state, due, fn, args, viewer) VALUES (?, 'pending', ?, ?, ?, ?)`;
  await tx.run(sql, [job.id, job.due, job.fn, job.argsText, JSON.stringify(job.viewer)]);
}

/** Takes a pending job out. False: there is none of this id any more. */
export async function removePending(tx: Transaction, id: string): Promise<boolean> {
  return (await tx.run(`DELETE FROM _scheduled WHERE id = ? AND state = 'pending'`, [id])) === 1;
}

/** False: it is not pending any more. */
export async function claim(tx: Transaction, id: string): Promise<boolean> {
  const sql = `UPDATE _scheduled SET state = 'running' WHERE id = ? AND state = 'pending'`;
  return (await tx.run(sql, [id])) === 1;
}

export async function removeRunning(tx: Transaction, id: string): Promise<void> {
  await tx.run(`DELETE FROM _scheduled WHERE id = ? AND state = 'running'`, [id]);
}

/** Keeps a job as failed, and forgets the oldest of those that are more than `keep`. */
export async function markFailed(
  tx: Transaction,
  { id, error, at }: { id: string; error: FaultJson; at: number },
  keep: number,
): Promise<void> {
  const sql = `UPDATE _scheduled SET state = 'failed', ended = ?, error = ? WHERE id = ? AND state <> 'failed'`;
  await tx.run(sql, [at, JSON.stringify(error), id]);
  const old = `SELECT n FROM _scheduled WHERE state = 'failed' ORDER BY ended DESC, n DESC LIMIT -1 OFFSET ?`;
  await tx.run(`DELETE FROM _scheduled WHERE n IN (${old})`, [keep]);
}

/** Ids and functions of the actions that a former life of the server had begun. */
export async function listRunning(tx: Transaction): Promise<{ id: string; fn: string }[]> {
  const rows = await tx.all(`SELECT id, fn FROM _scheduled WHERE state = 'running'`);
  return rows.map(({ id, fn }) => ({ id: String(id), fn: String(fn) }));
}

/** Pending jobs in order of due time, then of their making. */
export const PENDING = `SELECT id, due, fn, args, viewer FROM _scheduled
  WHERE state = 'pending' ORDER BY due, n LIMIT ?`;

/** Failed jobs, the last one first. */
export const FAILED = `SELECT id, due, fn, args, viewer, ended, error FROM _scheduled
  WHERE state = 'failed' ORDER BY ended DESC, n DESC LIMIT ?`;

export function readJob(row: SqlRow): Job {
  const viewer = parseShape(viewerShape, JSON.parse(String(row.viewer)), 'viewer');
  const args = parseShape(s.json(), JSON.parse(String(row.args)), 'args');
  return { id: String(row.id), due: Number(row.due), fn: String(row.fn), args, viewer };
}

export function readFailedJob(row: SqlRow): FailedJob {
  const { code, message, data } = parseShape(errorShape, JSON.parse(String(row.error)), 'error');
  const error = data === undefined ? { code, message } : { code, message, data };
  return { ...readJob(row), endedAt: Number(row.ended), error: Fault.fromJSON(error).toJSON() };
}

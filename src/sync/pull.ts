/**
 * Rows for those who keep no connection: tools, and servers that render pages. A copy is read in pages, then
 * what came after its cursor is pulled; together they are one moment, as on a connection. [S6]
 * Every answer is bounded in rows. Used by server/sync-routes.ts.
 */
import { Fault } from '../base/fault.ts';
import type { Viewer } from '../policy/viewer.ts';
import type { Cursor, RowOp } from '../protocol/row-batch.ts';
import type { CopyPage } from '../protocol/sync-http.ts';
import type { LogReader } from './log-reader.ts';

export interface PullDeps {
  readonly log: LogReader;
  /** The entities whose rows are part of a replica. */
  readonly entities: readonly string[];
  /** The last transaction that everybody was told of. */
  readonly seq: () => number;
}

export interface Pulled {
  readonly from: number;
  readonly to: number;
  readonly ops: readonly RowOp[];
  /** The log holds more: pull again from `to`. */
  readonly more: boolean;
}

/** Throws `stale_cursor` (410) when a new copy is needed. */
export async function pull({ log, seq }: PullDeps, cursor: Cursor, viewer: Viewer): Promise<Pulled> {
  const seen = log.isGood(cursor, viewer) ? await log.since(cursor.seq, viewer) : undefined;
  if (!seen) throw new Fault('stale_cursor', 'the log does not reach back to this cursor: make a new copy');
  return { from: cursor.seq, to: seen.to, ops: seen.ops, more: seen.to < seq() };
}

export interface CopyRequest {
  /** All of the replica when undefined. */
  readonly entities: readonly string[] | undefined;
  /** What the page before gave as `next`. */
  readonly after: string | null;
  readonly size: number;
}

/** Throws `not_found` for an entity that is not part of a replica, `invalid` for a place that is none. */
export async function copyPage(deps: PullDeps, request: CopyRequest, viewer: Viewer): Promise<CopyPage> {
  const { log } = deps;
  const cursor = { epoch: log.epoch(viewer), seq: deps.seq() };
  const names = request.entities ?? deps.entities;
  const unknown = names.find((name) => !deps.entities.includes(name));
  if (unknown !== undefined)
    throw new Fault('not_found', `${JSON.stringify(unknown)} is no entity with sync "all"`);
  const whole = deps.entities.every((name) => names.includes(name));
  const rows: CopyPage['rows'] = [];
  let [index, afterId] = placeOf(request.after, names);
  while (index < names.length && rows.length < request.size) {
    const entity = names[index]!;
    const page = await log.page(entity, viewer, { afterId, size: request.size - rows.length });
    for (const row of page.rows) rows.push({ entity, ...row });
    // Also a page without rows has looked at many: the rest is for the next request.
    if (page.next !== null) return { cursor, whole, rows, next: `${entity}:${page.next}` };
    [index, afterId] = [index + 1, ''];
  }
  const next = index < names.length ? `${names[index]}:` : null;
  return { cursor, whole, rows, next };
}

function placeOf(after: string | null, names: readonly string[]): [number, string] {
  if (after === null) return [0, ''];
  const colon = after.indexOf(':');
  const index = names.indexOf(after.slice(0, colon));
  if (colon < 0 || index < 0) throw new Fault('invalid', 'after must be what the page before gave as next');
  return [index, after.slice(colon + 1)];
}

/** The operations of a push, from a connection (requests.ts) or a request (sync-routes.ts). [L3] */
import type { Env } from '../base/env.ts';
import { Fault, toFault } from '../base/fault.ts';
import type { Functions } from '../functions/call.ts';
import type { Viewer } from '../policy/viewer.ts';
import type { PushOp } from '../protocol/client-message.ts';
import type { PushOutcome } from '../protocol/server-message.ts';

export interface PushDeps {
  readonly env: Env;
  readonly functions: Functions;
  readonly maxPushOps: number;
}

/** Throws `too_large`. What is wrong with one operation is in its outcome. */
export async function pushRows(deps: PushDeps, ops: readonly PushOp[], viewer: Viewer) {
  const { maxPushOps } = deps;
  if (ops.length > maxPushOps) throw new Fault('too_large', `more than ${maxPushOps} ops in a push`);
  // Queued in order and at once, so that they share a COMMIT.
  return Promise.all(ops.map((op) => write(deps, op, viewer)));
}

async function write({ env, functions }: PushDeps, op: PushOp, viewer: Viewer): Promise<PushOutcome> {
  const { op_id, entity, row_id: rowId, kind, data } = op;
  try {
    const { seq } = await functions.write({ opId: op_id, entity, rowId, kind, data }, viewer);
    return seq === null ? { op_id, ok: true } : { op_id, ok: true, seq };
  } catch (error) {
    return { op_id, ok: false, error: known(env, error, `push ${entity}`).toJSON() };
  }
}

/** What may be told of an error; what is a bug is logged. */
export function known(env: Env, error: unknown, what: string): Fault {
  if (!(error instanceof Fault)) {
    const stack = error instanceof Error ? error.stack : undefined;
    env.log.error('call.failed', { what, error: String(error), stack });
  }
  return toFault(error);
}

/**
 * Runs the optimistic part of a call over rows that its caller (layers.ts) gives: what it writes is checked as the
 * app's own writes are. The same call over the same rows gives the same writes. [S7]
 */
import type { Log } from '../base/env.ts';
import type { Json, JsonObject } from '../base/json.ts';
import type { PushOp } from '../protocol/client-message.ts';
import type { SessionInfo } from '../protocol/server-message.ts';
import type { AppShape } from '../schema/app-shape.ts';
import type { OptimisticContext, OptimisticLocal } from './optimistic.ts';
import type { CallOp } from './persistence.ts';
import type { RowDrafts } from './row-drafts.ts';

export type OptimisticFunctions = Readonly<
  Record<string, (local: OptimisticLocal, args: Json, context: OptimisticContext) => void>
>;

/** What a part reads and writes through. */
export interface LocalRows {
  get(entity: string, id: string): JsonObject | undefined;
  list(entity: string): JsonObject[];
  write(op: PushOp): void;
}

export interface OptimisticRunnerDeps {
  readonly functions: OptimisticFunctions;
  readonly drafts: Pick<RowDrafts, 'insert' | 'update'>;
  readonly log: Log;
  /** Who this is; null while nobody knows. */
  auth(): SessionInfo | null;
}

export class OptimisticRunner {
  readonly #deps: OptimisticRunnerDeps;
  /** The last call that was complained of: its replays would say it again and again. */
  #complained = '';

  constructor(deps: OptimisticRunnerDeps) {
    this.#deps = deps;
  }

  has(fn: string): boolean {
    return Object.hasOwn(this.#deps.functions, fn);
  }

  /** False: it failed, and what it wrote is void. */
  run(call: CallOp, rows: LocalRows): boolean {
    const { functions, log } = this.#deps;
    const auth = this.#deps.auth();
    // A call of an earlier visit may be one that this build of the app knows no part of.
    if (!this.has(call.fn) || !auth) return true;
    const run = { over: false };
    try {
      const context = { id: call.op_id, now: call.now, auth };
      functions[call.fn]!(this.#local(call, rows, run), structuredClone(call.args), context);
      return true;
    } catch (error) {
      if (this.#complained !== call.op_id) log.warn('client.optimistic', { fn: call.fn, error });
      this.#complained = call.op_id;
      return false;
    } finally {
      run.over = true;
    }
  }

  #local(call: CallOp, rows: LocalRows, run: { over: boolean }): OptimisticLocal<AppShape> {
    const { drafts, log } = this.#deps;
    let made = 0;
    const write = (op: Omit<PushOp, 'op_id'>) => {
      if (run.over) log.warn('client.optimistic', { fn: call.fn, error: 'it wrote after it returned' });
      else rows.write({ op_id: call.op_id, ...op });
    };
    return {
      get: (entity, id) => rows.get(entity, id) as (JsonObject & { id: string }) | undefined,
      list: (entity) => rows.list(entity) as (JsonObject & { id: string })[],
      insert(entity, { id: given, ...data }) {
        const id = typeof given === 'string' ? given : made++ === 0 ? call.op_id : `${call.op_id}-${made}`;
        write({ entity, row_id: id, kind: 'insert', data: drafts.insert(entity, id, data) });
        return id;
      },
      update(entity, id, patch) {
        write({ entity, row_id: id, kind: 'update', data: drafts.update(entity, patch) });
      },
      delete: (entity, id) => write({ entity, row_id: id, kind: 'delete' }),
    };
  }
}

/**
 * Calls and pushes of one connection: bounded in number, answered once each, in any order. What a call
 * wrote is passed by the client's cursor before or soon after its result (Replica.ensure).
 */

import type { Env } from '../base/env.ts';
import { Fault, toFault } from '../base/fault.ts';
import type { CallResult, Functions } from '../functions/call.ts';
import type { Viewer } from '../policy/viewer.ts';
import type { ClientMessage, PushOp } from '../protocol/client-message.ts';
import type { PushOutcome, ServerMessage } from '../protocol/server-message.ts';

interface RequestsDeps {
  readonly env: Env;
  readonly functions: Functions;
  readonly maxInFlight: number;
  readonly maxPushOps: number;
  readonly send: (message: ServerMessage) => void;
  /** A transaction of this client's has committed. */
  readonly wrote: (seq: number) => void;
}

export class Requests {
  readonly #deps: RequestsDeps;
  /** Each with what gives it up. */
  readonly #inFlight = new Map<number, AbortController>();

  constructor(deps: RequestsDeps) {
    this.#deps = deps;
  }

  get size(): number {
    return this.#inFlight.size;
  }

  call({ id, fn, args, op }: Extract<ClientMessage, { t: 'call' }>, viewer: Viewer): void {
    this.#answer(id, (signal) => this.#deps.functions.call({ name: fn, args, viewer, opId: op, signal }));
  }

  push({ id, ops }: Extract<ClientMessage, { t: 'push' }>, viewer: Viewer): void {
    this.#answer(id, async () => {
      const { maxPushOps } = this.#deps;
      if (ops.length > maxPushOps) throw new Fault('too_large', `more than ${maxPushOps} ops in a push`);
      // Queued in order and at once, so that they share a COMMIT.
      const outcomes = await Promise.all(ops.map((op) => this.#write(op, viewer)));
      const seqs = outcomes.map((outcome) => outcome.seq ?? 0);
      return { value: outcomes.map((outcome) => ({ ...outcome })), seq: Math.max(0, ...seqs) || null };
    });
  }

  /** The result of this call is not wanted any more; what it writes stays. */
  cancel(id: number): void {
    const call = this.#inFlight.get(id);
    this.#inFlight.delete(id);
    call?.abort();
  }

  /** Gives up all that is under way; results that come after this are dropped. */
  close(): void {
    for (const id of [...this.#inFlight.keys()]) this.cancel(id);
  }

  async #write(op: PushOp, viewer: Viewer): Promise<PushOutcome> {
    const { op_id, entity, row_id: rowId, kind, data } = op;
    try {
      const { seq } = await this.#deps.functions.write({ opId: op_id, entity, rowId, kind, data }, viewer);
      return seq === null ? { op_id, ok: true } : { op_id, ok: true, seq };
    } catch (error) {
      return { op_id, ok: false, error: this.#fault(error, `push ${entity}`).toJSON() };
    }
  }

  #answer(id: number, work: (signal: AbortSignal) => Promise<CallResult>): void {
    const { send, wrote, maxInFlight } = this.#deps;
    if (this.#inFlight.has(id)) throw new Fault('bad_message', `call ${id} is under way already`);
    if (this.#inFlight.size >= maxInFlight) {
      const fault = new Fault('overloaded', `more than ${maxInFlight} calls under way`);
      return send({ t: 'result', id, ok: false, error: fault.toJSON() });
    }
    const call = new AbortController();
    this.#inFlight.set(id, call);
    // The number may be that of another call by now.
    const settled = () => this.#inFlight.get(id) === call && this.#inFlight.delete(id);
    work(call.signal).then(
      ({ value, seq }) => {
        if (!settled()) return;
        if (seq !== null) wrote(seq);
        send({
          t: 'result',
          id,
          ok: true,
          ...(value !== undefined && { value }),
          ...(seq !== null && { seq }),
        });
      },
      (error) => {
        if (!settled()) return;
        send({ t: 'result', id, ok: false, error: this.#fault(error, 'call').toJSON() });
      },
    );
  }

  #fault(error: unknown, what: string): Fault {
    if (!(error instanceof Fault)) {
      const stack = error instanceof Error ? error.stack : undefined;
      this.#deps.env.log.error('call.failed', { what, error: String(error), stack });
    }
    return toFault(error);
  }
}

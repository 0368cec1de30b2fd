/**
 * Calls and pushes of one connection: bounded in number, answered once each, in any order. The result of a
 * call that streams follows its parts through their lane. What a call wrote is passed by the client's cursor
 * before or soon after its result (Replica.ensure).
 */

import type { Env } from '../base/env.ts';
import { Fault } from '../base/fault.ts';
import type { CallResult, Functions } from '../functions/call.ts';
import type { ChunkSink } from '../functions/chunk-stream.ts';
import type { Viewer } from '../policy/viewer.ts';
import type { ClientMessage } from '../protocol/client-message.ts';
import type { ServerMessage } from '../protocol/server-message.ts';
import { known, pushRows } from './push-rows.ts';
import { StreamLane } from './stream-lane.ts';

interface RequestsDeps {
  readonly env: Env;
  readonly functions: Functions;
  readonly maxInFlight: number;
  readonly maxPushOps: number;
  readonly send: (message: ServerMessage) => void;
  /** False: no room; `Requests.room` is called when there is some. */
  readonly sendStreamed: (text: string) => boolean;
  /** A transaction of this client's has committed. */
  readonly wrote: (seq: number) => void;
}

interface InFlight {
  /** Gives it up. */
  readonly end: AbortController;
  streamed: boolean;
}

export class Requests {
  readonly #deps: RequestsDeps;
  readonly #inFlight = new Map<number, InFlight>();
  readonly #lane: StreamLane;

  constructor(deps: RequestsDeps) {
    this.#deps = deps;
    this.#lane = new StreamLane(deps.sendStreamed);
  }

  get size(): number {
    return this.#inFlight.size;
  }

  call({ id, fn, args, op }: Extract<ClientMessage, { t: 'call' }>, viewer: Viewer): void {
    this.#answer(id, (signal, onChunk) =>
      this.#deps.functions.call({ name: fn, args, viewer, opId: op, signal, onChunk }),
    );
  }

  push({ id, ops }: Extract<ClientMessage, { t: 'push' }>, viewer: Viewer): void {
    this.#answer(id, async () => {
      const outcomes = await pushRows(this.#deps, ops, viewer);
      const seqs = outcomes.map((outcome) => outcome.seq ?? 0);
      return { value: outcomes.map((outcome) => ({ ...outcome })), seq: Math.max(0, ...seqs) || null };
    });
  }

  /** The result of this call is not wanted any more; what it writes stays. */
  cancel(id: number): void {
    const call = this.#inFlight.get(id);
    if (!call) return;
    this.#inFlight.delete(id);
    call.end.abort();
    this.#lane.forget(call);
  }

  /** There is room for what streaming calls say. */
  room(): void {
    this.#lane.room();
  }

  /** Gives up all that is under way; results that come after this are dropped. */
  close(): void {
    for (const id of [...this.#inFlight.keys()]) this.cancel(id);
  }

  #answer(id: number, work: (signal: AbortSignal, onChunk: ChunkSink) => Promise<CallResult>): void {
    const { send, wrote, maxInFlight } = this.#deps;
    if (this.#inFlight.has(id)) throw new Fault('bad_message', `call ${id} is under way already`);
    if (this.#inFlight.size >= maxInFlight) {
      const fault = new Fault('overloaded', `more than ${maxInFlight} calls under way`);
      return send({ t: 'result', id, ok: false, error: fault.toJSON() });
    }
    const call: InFlight = { end: new AbortController(), streamed: false };
    this.#inFlight.set(id, call);
    const onChunk = (json: string) => {
      call.streamed = true;
      return this.#lane.pass(call, `{"t":"stream","id":${id},"data":${json}}`);
    };
    // The number may be that of another call by now.
    const isWanted = () => this.#inFlight.get(id) === call;
    work(call.end.signal, onChunk).then(
      ({ value, seq }) => {
        if (!isWanted()) return;
        if (seq !== null) wrote(seq);
        const values = { ...(value !== undefined && { value }), ...(seq !== null && { seq }) };
        this.#settle(call, { t: 'result', id, ok: true, ...values });
      },
      (error) => {
        if (!isWanted()) return;
        this.#settle(call, {
          t: 'result',
          id,
          ok: false,
          error: known(this.#deps.env, error, 'call').toJSON(),
        });
      },
    );
  }

  #settle(call: InFlight, result: Extract<ServerMessage, { t: 'result' }>): void {
    const { id } = result;
    if (!call.streamed) {
      this.#inFlight.delete(id);
      return this.#deps.send(result);
    }
    const waiting = this.#lane.pass(call, JSON.stringify(result));
    if (!waiting) this.#inFlight.delete(id);
    // A call that is given up meanwhile has left already.
    else waiting.then(() => this.#inFlight.delete(id)).catch(() => {});
  }
}

/**
 * Function calls that wait for their result. All are sent again after a reconnect until they are answered:
 * queries change nothing, and a mutation carries an op id, so the server runs it once. [L3]
 * A mutation that wrote resolves when the replica's cursor covers its transaction: a read that follows sees it.
 */
import type { Cancel } from '../base/env.ts';
import { Fault } from '../base/fault.ts';
import type { Json } from '../base/json.ts';
import { DEFAULT_LIMITS, type Limits } from '../protocol/limits.ts';
import { fits, nesting } from './message-size.ts';
import type { Chunk, Result } from './server-text.ts';

/** Calls that wait in this client, sent or not. */
export const MAX_CALLS = 10_000;
/** As in protocol/client-message.ts. */
const MAX_NAME_CHARS = 256;

export interface CallOptions {
  /** Gives the call up; the server aborts the action's `ctx.signal`. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Takes what the action streams, in order and before the result. A call that is sent again after a lost
   * connection brings no more of it.
   */
  readonly onChunk?: ((chunk: Json) => void) | undefined;
}

export interface CallRequest {
  readonly fn: string;
  readonly args: Json;
  /** Makes it a mutation. */
  readonly op?: string | undefined;
}

export interface CallsHost {
  nextId(): number;
  sendRaw(text: string): boolean;
  /** Calls `done` once the replica covers `seq`, or never will. */
  whenCovered(seq: number, done: () => void): void;
}

interface Call {
  readonly id: number;
  readonly text: string;
  /** Which identity asked: the value of `#identity` at that time. */
  readonly identity: number;
  readonly onChunk: CallOptions['onChunk'];
  resolve(value: Json): void;
  reject(error: Fault): void;
  unlisten: Cancel;
}

export class Calls {
  readonly #host: CallsHost;
  /** Both in order of their making; everything sent is older than everything unsent. */
  readonly #sent = new Map<number, Call>();
  readonly #unsent = new Map<number, Call>();
  #limits: Limits = DEFAULT_LIMITS;
  #gate: 'offline' | 'online' | 'held' = 'offline';
  #identity = 0;
  #end: Fault | undefined;

  constructor(host: CallsHost) {
    this.#host = host;
  }

  get size(): number {
    return this.#sent.size + this.#unsent.size;
  }

  async call(request: CallRequest, options: CallOptions = {}): Promise<Json> {
    if (this.#end) throw this.#end;
    if (options.signal?.aborted) throw cancelled(options.signal);
    if (this.size >= MAX_CALLS) throw new Fault('overloaded', `more than ${MAX_CALLS} calls wait`);
    if (request.fn.length > MAX_NAME_CHARS) throw new Fault('not_found', 'no function has such a long name');
    const id = this.#host.nextId();
    const text = JSON.stringify({ t: 'call', id, ...request });
    if (!fits(text, this.#limits.textBytes))
      throw new Fault('too_large', `${request.fn}: arguments too large`);
    if (nesting(request.args) + 1 > this.#limits.jsonDepth)
      throw new Fault('invalid', `${request.fn}: arguments too deep`);
    return new Promise((resolve, reject) => {
      const unlisten = onAbort(options.signal, (signal) => this.#abort(id, signal));
      const { onChunk } = options;
      this.#unsent.set(id, { id, text, identity: this.#identity, onChunk, resolve, reject, unlisten });
      this.#flush();
    });
  }

  connected(limits: Limits): void {
    this.#limits = limits;
    this.#gate = 'online';
    this.#flush();
  }

  /** What was sent is sent again, first and in the same order. */
  lost(): void {
    this.#gate = 'offline';
    const again = [...this.#sent.values(), ...this.#unsent.values()];
    this.#sent.clear();
    this.#unsent.clear();
    for (const call of again) this.#unsent.set(call.id, call);
  }

  /** A new token is on its way: calls from now on are those of the identity that it stands for. */
  hold(): void {
    if (this.#gate === 'online') this.#gate = 'held';
    this.#identity++;
  }

  get held(): boolean {
    return this.#gate === 'held';
  }

  release(): void {
    if (this.#gate === 'held') this.#gate = 'online';
    this.#flush();
  }

  /** The identity is another: what the former asked is never sent again, nor answered. [S8] */
  rejectFormer(fault: Fault): void {
    for (const call of [...this.#sent.values(), ...this.#unsent.values()]) {
      if (call.identity < this.#identity) this.#take(call.id)?.reject(fault);
    }
  }

  /** Throws what the listener throws. */
  chunk({ id, data }: Chunk): void {
    this.#sent.get(id)?.onChunk?.(data);
  }

  /** False: no call of this id waits (it may have been cancelled). */
  result(message: Result): boolean {
    const call = this.#take(message.id);
    if (!call) return false;
    if (!message.ok) {
      call.reject(
        Fault.fromJSON(message.error ?? { code: 'internal', message: 'a failure without an error' }),
      );
    } else {
      const value = message.value ?? null;
      if (message.seq === undefined) call.resolve(value);
      else this.#host.whenCovered(message.seq, () => call.resolve(value));
    }
    this.#flush();
    return true;
  }

  close(fault: Fault): void {
    this.#end ??= fault;
    for (const id of [...this.#sent.keys(), ...this.#unsent.keys()]) this.#take(id)?.reject(this.#end);
  }

  #flush(): void {
    if (this.#gate !== 'online') return;
    for (const [id, call] of this.#unsent) {
      // One place is left for the push of row writes.
      if (this.#sent.size >= this.#limits.callsInFlight - 1) return;
      if (!this.#host.sendRaw(call.text)) return;
      this.#unsent.delete(id);
      this.#sent.set(id, call);
    }
  }

  #abort(id: number, signal: AbortSignal): void {
    if (this.#sent.has(id)) this.#host.sendRaw(JSON.stringify({ t: 'cancel', id }));
    this.#take(id)?.reject(cancelled(signal));
    this.#flush();
  }

  #take(id: number): Call | undefined {
    const call = this.#sent.get(id) ?? this.#unsent.get(id);
    this.#sent.delete(id);
    this.#unsent.delete(id);
    call?.unlisten();
    return call;
  }
}

function onAbort(signal: AbortSignal | undefined, listener: (signal: AbortSignal) => void): Cancel {
  if (!signal) return () => {};
  const own = () => listener(signal);
  signal.addEventListener('abort', own, { once: true });
  return () => signal.removeEventListener('abort', own);
}

/** Rejects when the signal comes first; what `result` stands for goes on. */
export async function unlessAborted(result: Promise<Json>, signal: AbortSignal | undefined): Promise<Json> {
  if (!signal) return result;
  let unlisten: Cancel = () => {};
  const aborted = new Promise<never>((_, reject) => {
    unlisten = onAbort(signal, () => reject(cancelled(signal)));
  });
  return Promise.race([result, aborted]).finally(unlisten);
}

export function cancelled(signal: AbortSignal): Fault {
  return new Fault('cancelled', 'the call was given up', undefined, { cause: signal.reason });
}

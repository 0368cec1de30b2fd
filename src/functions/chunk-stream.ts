/**
 * `ctx.stream` of an action: parts of the answer, sent before the result and in order. A write waits while the
 * reader is behind, so what an action has made and nobody has taken is bounded. [N3] Made by Actions; the doors
 * (server/requests.ts, server/event-stream.ts) give the sink.
 */
import { Fault } from '../base/fault.ts';
import type { Json } from '../base/json.ts';
import { isJson } from '../base/shape.ts';
import { utf8Length } from '../base/utf8.ts';

/** Takes a chunk as JSON text; returns nothing when it is on its way, else a promise of that. */
export type ChunkSink = (json: string) => Promise<void> | undefined;

export interface ResponseStream {
  /**
   * Sends a part of the answer; resolves when the connection has room for more. Dropped where the caller takes no
   * parts. Throws `invalid`, `too_large`, `overloaded` for many writes that were not awaited, `internal` after the
   * end of the action, and `cancelled` or `timeout` as `ctx.signal` says.
   */
  write(chunk: Json): Promise<void>;
}

export interface ChunkLimits {
  /** Bytes of one chunk as JSON. */
  readonly chunkBytes: number;
  /** Writes of one action that wait for room. */
  readonly chunksWaiting: number;
}

export const DEFAULT_CHUNK_LIMITS: ChunkLimits = { chunkBytes: 64 << 10, chunksWaiting: 8 };

export class ChunkStream implements ResponseStream {
  readonly #limits: ChunkLimits;
  readonly #signal: AbortSignal;
  readonly #sink: ChunkSink | undefined;
  readonly #waiting = new Set<Promise<void>>();
  #ended = false;

  constructor(limits: ChunkLimits, signal: AbortSignal, sink: ChunkSink | undefined) {
    this.#limits = limits;
    this.#signal = signal;
    this.#sink = sink;
  }

  write(chunk: Json): Promise<void> {
    const written = this.#write(chunk);
    written.catch(() => {}); // the failure of a write that nobody awaits must not end the process
    return written;
  }

  /** No more writes; waits for those under way. */
  async end(): Promise<void> {
    this.#ended = true;
    await Promise.allSettled(this.#waiting);
  }

  async #write(chunk: unknown): Promise<void> {
    this.#signal.throwIfAborted();
    if (this.#ended) throw new Fault('internal', 'ctx.stream was used after the action had ended');
    if (!isJson(chunk)) throw new Fault('invalid', 'a chunk must be JSON');
    const json = JSON.stringify(chunk);
    const { chunkBytes, chunksWaiting } = this.#limits;
    if (utf8Length(json) > chunkBytes)
      throw new Fault('too_large', `a chunk of more than ${chunkBytes} bytes`);
    if (!this.#sink) return;
    if (this.#waiting.size >= chunksWaiting)
      throw new Fault('overloaded', `more than ${chunksWaiting} writes wait: await ctx.stream.write`);
    const waiting = this.#sink(json);
    if (!waiting) return;
    this.#waiting.add(waiting);
    try {
      await waiting;
    } finally {
      this.#waiting.delete(waiting);
    }
    this.#signal.throwIfAborted();
  }
}

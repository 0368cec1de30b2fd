/**
 * Frames of a client on their way to an HTTP session: one request at a time, numbered, repeated with the same
 * number when no answer came, so that the server takes each once. [S9] Used by the transports over HTTP.
 */
import { backoffMs } from '../base/backoff.ts';
import type { Env } from '../base/env.ts';
import { Fault, isFault, toFault } from '../base/fault.ts';
import { type Frame, type FrameJson, frameJson } from '../protocol/tunnel.ts';
import { type Post, post } from './http-post.ts';

/** Characters of frames in one request, unless one alone is larger. */
const BATCH_CHARS = 64 << 10;
/** Frames that wait; a connection that takes so little is given up. [S10] */
const MAX_WAITING_CHARS = 64 << 20;
const TRIES = 4;
const RETRY = { baseMs: 100, capMs: 2000 };
const TIMEOUT_MS = 10_000;

export interface Uplink {
  readonly env: Env;
  readonly post: Post;
  readonly signal: AbortSignal;
  /** The session cannot be spoken to any more. */
  failed(fault: Fault): void;
}

export class HttpUplink {
  readonly #link: Uplink;
  #key: string | undefined;
  #waiting: Frame[] = [];
  #chars = 0;
  #n = 0;
  #sending = false;
  #closing = false;

  constructor(link: Uplink) {
    this.#link = link;
  }

  /** The session has begun. */
  begin(key: string): void {
    this.#key = key;
    this.#pump();
  }

  send(frame: Frame): void {
    if (this.#closing) return;
    this.#waiting.push(frame);
    this.#chars += frame.length;
    if (this.#chars > MAX_WAITING_CHARS)
      return this.#link.failed(new Fault('overloaded', 'the server takes too little'));
    // What is said in one turn travels together.
    if (!this.#sending) void Promise.resolve().then(() => this.#pump());
  }

  /** Sends what waits, and that this was all. */
  close(): void {
    this.#closing = true;
    this.#pump();
  }

  #pump(): void {
    const key = this.#key;
    if (this.#sending || key === undefined || (this.#waiting.length === 0 && !this.#closing)) return;
    this.#sending = true;
    const frames = this.#take();
    const last = this.#closing && this.#waiting.length === 0;
    const body = { key, n: ++this.#n, frames, ...(last && { close: true }) };
    this.#deliver(body).then(
      () => {
        this.#sending = false;
        if (last) this.#key = undefined;
        this.#pump();
      },
      (error: unknown) => {
        this.#key = undefined;
        this.#waiting = [];
        this.#link.failed(toFault(error));
      },
    );
  }

  #take(): FrameJson[] {
    let chars = 0;
    let count = 0;
    for (const { length } of this.#waiting) {
      if (count > 0 && chars + length > BATCH_CHARS) break;
      chars += length;
      count++;
    }
    this.#chars -= chars;
    return this.#waiting.splice(0, count).map(frameJson);
  }

  async #deliver(body: { key: string; n: number; frames: FrameJson[] }): Promise<void> {
    const { env, post: to, signal } = this.#link;
    for (let attempt = 0; ; attempt++) {
      const late = new AbortController();
      const cancel = env.clock.after(TIMEOUT_MS, () => late.abort());
      try {
        const response = await post(to, '/api/sync/push', {
          body,
          signal: AbortSignal.any([signal, late.signal]),
        });
        return void (await response.text());
      } catch (error) {
        if (!mayRetry(error) || attempt + 1 >= TRIES || signal.aborted) throw error;
      } finally {
        cancel();
      }
      await new Promise<void>((resolve) => env.clock.after(backoffMs(attempt, env.random, RETRY), resolve));
    }
  }
}

/** No answer, or one that was cut: the server may have taken it or not. */
export function mayRetry(error: unknown): boolean {
  return !isFault(error) || isFault(error, 'unavailable');
}

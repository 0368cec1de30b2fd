/**
 * A connection without a socket: frames to the client wait here, numbered, until a request fetches them and
 * a later one acknowledges them; frames from the client come in numbered requests. Made by HttpSessions, fed
 * by sync-routes.ts, read by Connection like any other transport.
 * A lost answer is sent again, a repeated request is taken once. [S9]
 * What is not acknowledged counts as buffered, so the outbox holds back as for a slow socket. [S10]
 */
import { type Deferred, deferred } from '../base/deferred.ts';
import type { Clock } from '../base/env.ts';
import { Fault } from '../base/fault.ts';
import { contentOf, type Parcel } from '../base/parcel.ts';
import type { Transport, TransportEvents } from '../plugin/transport.ts';
import type { Frame, TunnelClose } from '../protocol/tunnel.ts';

/** The other end is gone without a word (RFC 6455, section 7.1.5). */
const ABNORMAL = 1006;

export interface Fetched {
  /** The number of the last frame. */
  readonly to: number;
  readonly frames: readonly Frame[];
  readonly close: TunnelClose | undefined;
}

export class HttpTransport implements Transport {
  readonly #clock: Clock;
  readonly #frames: Frame[] = [];
  /** The number of the last frame that was acknowledged. */
  #acked = 0;
  #bytes = 0;
  /** The number of the last request with frames that was taken. */
  #received = 0;
  #end: TunnelClose | undefined;
  #waiting: Deferred<void> | undefined;
  #events: TransportEvents | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get bufferedBytes(): number {
    return this.#bytes;
  }

  get ended(): boolean {
    return this.#end !== undefined;
  }

  listen(events: TransportEvents): void {
    this.#events = events;
  }

  send(message: Frame): void {
    if (this.#end) return;
    this.#frames.push(message);
    this.#bytes += message.length;
    this.#wake();
  }

  sendParcel(parcel: Parcel): void {
    this.send(contentOf(parcel));
  }

  close(code: number, reason: string): void {
    if (this.#end) return;
    this.#end = { code, reason };
    this.#wake();
    this.#events?.close(code, reason);
  }

  terminate(): void {
    this.close(ABNORMAL, '');
  }

  cork(): void {}

  uncork(): void {}

  /** Frames of request `n`, once. Throws `bad_message` when one before it is missing. */
  receive(n: number, frames: readonly Frame[]): void {
    if (n <= this.#received) return;
    if (n !== this.#received + 1) throw new Fault('bad_message', `push ${this.#received + 1} is missing`);
    this.#received = n;
    for (const frame of frames) if (!this.#end) this.#events?.message(frame);
  }

  /** Frames behind `ack`, as soon as there are some, or none after `waitMs`. A later fetch ends the wait. */
  async fetch(ack: number, waitMs: number): Promise<Fetched> {
    this.#acknowledge(ack);
    this.#wake();
    if (this.#frames.length === 0 && !this.#end && waitMs > 0) {
      const waiting = deferred<void>();
      this.#waiting = waiting;
      const cancel = this.#clock.after(waitMs, () => waiting.resolve());
      await waiting.promise;
      cancel();
    }
    return { to: this.#acked + this.#frames.length, frames: [...this.#frames], close: this.#end };
  }

  #acknowledge(ack: number): void {
    const count = ack - this.#acked;
    if (count < 0 || count > this.#frames.length)
      throw new Fault('bad_message', `ack must be ${this.#acked} to ${this.#acked + this.#frames.length}`);
    if (count === 0) return;
    for (const frame of this.#frames.splice(0, count)) this.#bytes -= frame.length;
    this.#acked = ack;
    if (!this.#end) this.#events?.drain();
  }

  #wake(): void {
    this.#waiting?.resolve();
    this.#waiting = undefined;
  }
}

/**
 * What one player has been sent. Every frame is a key so far, so a frame that is skipped, or replaced in the
 * latest slot before it left, is simply missed. With delta chunks the baseline will be `latest.sentTag`: the
 * last frame that was really handed to the socket.
 * [T5] Frames stop while the player is behind in acknowledging, and go on with a clean key.
 */
import { Fault } from '../../src/base/fault.ts';
import type { LatestSlot } from '../../src/plugin/channel.ts';

export class View {
  readonly #latest: LatestSlot;
  readonly #windowTicks: number;
  #putTick: number;
  #ackTick: number;

  /** `now` is the last tick computed when the player came. */
  constructor(latest: LatestSlot, windowTicks: number, now: number) {
    this.#latest = latest;
    this.#windowTicks = windowTicks;
    this.#putTick = now;
    this.#ackTick = now;
  }

  /** The newest frame that the player has acknowledged. */
  get ackTick(): number {
    return this.#ackTick;
  }

  /** Throws Fault `bad_message` for a frame that was never sent. */
  ack(tick: number): void {
    if (tick > this.#putTick) throw new Fault('bad_message', `frame ${tick} was never sent`);
    this.#ackTick = Math.max(this.#ackTick, tick);
  }

  /** Whether a frame of `tick` may be sent: all is acknowledged, or what is not is still young. */
  open(tick: number): boolean {
    if (this.#latest.unsure) return false;
    return this.#ackTick >= this.#putTick || tick - this.#ackTick <= this.#windowTicks;
  }

  put(frame: Uint8Array, tick: number): void {
    this.#putTick = tick;
    this.#latest.put(frame, tick);
  }
}

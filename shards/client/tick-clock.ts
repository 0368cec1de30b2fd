/**
 * Which moment of the world to draw. Frames arrive at `tick * tickMs + offset`, with jitter; the offset is
 * followed slowly, so the playhead runs evenly whatever the network does, and never goes back but at a new
 * beginning. The delay behind the newest frame is a frame and a half, and more when frames come unevenly.
 */
import type { Clock } from '../../src/base/env.ts';

/** How fast offset and jitter follow: the share of a new sample. */
const FOLLOW = 1 / 16;
/** A frame this far from its expected moment is a new beginning: a pause, a restart, dropped time. */
const RESET_MS = 1000;
const MAX_DELAY_MS = 500;

export class TickClock {
  readonly #clock: Clock;
  readonly #tickMs: number;
  readonly #everyTicks: number;
  #offsetMs: number | undefined;
  #jitterMs = 0;
  #playhead = 0;

  constructor(clock: Clock, tickMs: number, everyTicks: number) {
    this.#clock = clock;
    this.#tickMs = tickMs;
    this.#everyTicks = everyTicks;
  }

  /** A frame came just now. */
  frame(tick: number): void {
    const sampleMs = this.#clock.monotonic() - tick * this.#tickMs;
    if (this.#offsetMs === undefined || Math.abs(sampleMs - this.#offsetMs) > RESET_MS) {
      this.#offsetMs = sampleMs;
      this.#jitterMs = 0;
      this.#playhead = 0;
      return;
    }
    const errorMs = sampleMs - this.#offsetMs;
    this.#offsetMs += errorMs * FOLLOW;
    this.#jitterMs += (Math.abs(errorMs) - this.#jitterMs) * FOLLOW;
  }

  /** The tick whose frame would arrive now, with fractions. */
  get serverTick(): number {
    return this.#offsetMs === undefined ? 0 : (this.#clock.monotonic() - this.#offsetMs) / this.#tickMs;
  }

  /** How far behind `serverTick` is drawn. */
  get delayMs(): number {
    return Math.min(MAX_DELAY_MS, this.#tickMs * this.#everyTicks * 1.5 + this.#jitterMs * 3);
  }

  /** The tick to draw now, with fractions. */
  get playhead(): number {
    this.#playhead = Math.max(this.#playhead, this.serverTick - this.delayMs / this.#tickMs);
    return this.#playhead;
  }
}

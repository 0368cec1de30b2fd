/**
 * Which moment of the world to draw. Frames arrive at `tick * tickMs + offset` or later: the offset is that of the
 * soonest of the last frames, so neither jitter nor a stall moves it. How late the others are says how far behind
 * them to draw. The playhead follows that by running a little faster or slower: it never jumps and never goes back
 * but at a new beginning.
 */
import type { Clock } from '../../src/base/env.ts';

/** Frames that are looked back on. */
const WINDOW = 96;
/** The share of frames that may come later than they are drawn; what they show is then guessed for a moment. */
const LATE_SHARE = 0.1;
/** Beside what is measured, for frames that wait for the page's next turn. */
const MARGIN_MS = 5;
/** How much faster or slower than time the playhead runs at most: nobody sees a tenth. */
const MAX_PACE = 0.1;
/** The playhead is brought to its place within about this time. */
const FOLLOW_MS = 300;
/** Frames this far from their expected moment are a new beginning: a pause, a restart, dropped time. */
const RESET_MS = 1000;
/** One that comes so late may be held up with those behind it; so many in a row are not. */
const RESET_FRAMES = 8;

export interface TickClockOptions {
  readonly tickMs: number;
  /** Ticks from one frame to the next. */
  readonly everyTicks: number;
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
}

export class TickClock {
  readonly #clock: Clock;
  readonly #options: TickClockOptions;
  readonly #samplesMs = new Float64Array(WINDOW);
  readonly #sortedMs = new Float64Array(WINDOW);
  #frames = 0;
  #farInRow = 0;
  #offsetMs = 0;
  #lateMs = 0;
  #playhead = 0;
  #readMs = Number.NaN;

  constructor(clock: Clock, options: TickClockOptions) {
    this.#clock = clock;
    this.#options = options;
  }

  /** A frame came just now. */
  frame(tick: number): void {
    const sampleMs = this.#clock.monotonic() - tick * this.#options.tickMs;
    const lateMs = sampleMs - this.#offsetMs;
    this.#farInRow = lateMs > RESET_MS ? this.#farInRow + 1 : 0;
    if (lateMs < -RESET_MS || this.#farInRow === RESET_FRAMES) {
      this.#frames = 0;
      this.#farInRow = 0;
      this.#readMs = Number.NaN;
    }
    this.#samplesMs[this.#frames % WINDOW] = sampleMs;
    this.#frames++;
    const known = Math.min(this.#frames, WINDOW);
    this.#sortedMs.fill(Number.POSITIVE_INFINITY);
    for (let i = 0; i < known; i++) this.#sortedMs[i] = this.#samplesMs[i]!;
    this.#sortedMs.sort();
    this.#offsetMs = this.#sortedMs[0]!;
    this.#lateMs = this.#sortedMs[Math.ceil((known - 1) * (1 - LATE_SHARE))]! - this.#offsetMs;
  }

  /** The tick whose frame would arrive now if nothing held it up, with fractions. */
  get serverTick(): number {
    return this.#frames === 0 ? 0 : (this.#clock.monotonic() - this.#offsetMs) / this.#options.tickMs;
  }

  /** How late nearly all frames are at most, behind the soonest. */
  get jitterMs(): number {
    return this.#lateMs;
  }

  /** How far behind `serverTick` is drawn. */
  get delayMs(): number {
    const { tickMs, everyTicks, minDelayMs, maxDelayMs } = this.#options;
    const wantedMs = tickMs * everyTicks + this.#lateMs + MARGIN_MS;
    return Math.max(minDelayMs, Math.min(maxDelayMs, wantedMs));
  }

  /** The tick to draw now, with fractions. */
  get playhead(): number {
    if (this.#frames === 0) return 0;
    const { tickMs } = this.#options;
    const nowMs = this.#clock.monotonic();
    const passedMs = nowMs - this.#readMs;
    this.#readMs = nowMs;
    const target = this.serverTick - this.delayMs / tickMs;
    const behindMs = (target - this.#playhead) * tickMs - passedMs;
    if (!(Math.abs(behindMs) <= RESET_MS)) {
      this.#playhead = target;
      return target;
    }
    const pace = Math.max(-MAX_PACE, Math.min(MAX_PACE, behindMs / FOLLOW_MS));
    this.#playhead += (passedMs * (1 + pace)) / tickMs;
    return this.#playhead;
  }
}

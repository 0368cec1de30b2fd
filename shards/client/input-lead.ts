/**
 * How far ahead of the server the client computes. Each frame says which input is the newest that had
 * arrived; how far that is ahead of the frame's tick is the depth of the server's buffer. The smallest depth
 * of the last frames is kept near TARGET_DEPTH: a client that is late jumps ahead at once, one that is early
 * slows down little by little.
 */
import type { Clock } from '../../src/base/env.ts';

const TARGET_DEPTH = 2;
/** Frames that are looked back on. */
const WINDOW = 16;
/** Frames that must have been seen before anything is corrected. */
const SETTLED = 4;
/** Ticks that were sent and whose time is remembered. */
const REMEMBERED = 256;
/** Of the tick's length, per tick of difference. */
const GAIN = 0.01;
const MAX_CHANGE = 0.05;
/** Too far ahead to wait for slowing down. */
const FAR = 8;
/** Assumed before the first measurement. */
const FIRST_RTT_MS = 100;

export class InputLead {
  readonly #clock: Clock;
  readonly #tickMs: number;
  readonly #sentMs = new Float64Array(REMEMBERED);
  readonly #depths = new Int32Array(WINDOW);
  readonly #tripsMs = new Float64Array(WINDOW);
  #frames = 0;
  /** Reports about older inputs are from before the last jump. */
  #since = 0;
  #rttMs = FIRST_RTT_MS;

  constructor(clock: Clock, tickMs: number) {
    this.#clock = clock;
    this.#tickMs = tickMs;
  }

  /** From sending an input to the first frame that knows of it; the shortest of the last frames. */
  get rttMs(): number {
    return this.#rttMs;
  }

  /** How many ticks ahead of a first frame to begin. */
  get firstLead(): number {
    return 1 + TARGET_DEPTH + Math.ceil(this.#rttMs / this.#tickMs);
  }

  sent(tick: number): void {
    this.#sentMs[tick % REMEMBERED] = this.#clock.monotonic();
  }

  /** A frame says that the input of `newest` was the last to arrive before `tick` was computed. */
  frame(tick: number, newest: number): void {
    if (newest === 0 || newest < this.#since) return;
    const slot = this.#frames++ % WINDOW;
    this.#depths[slot] = newest - tick;
    this.#tripsMs[slot] = this.#clock.monotonic() - this.#sentMs[newest % REMEMBERED]!;
    const known = Math.min(this.#frames, WINDOW);
    this.#rttMs = this.#tripsMs[0]!;
    for (let i = 1; i < known; i++) this.#rttMs = Math.min(this.#rttMs, this.#tripsMs[i]!);
  }

  /** Ticks to jump ahead at once (above 0) or to wait (below 0). Call `jumped` when it is done. */
  get jump(): number {
    const missing = this.#missing();
    return missing > 1 || missing < -FAR ? missing : 0;
  }

  /** The next input to be sent is that of `tick`; what is reported about older ones says nothing now. */
  jumped(tick: number): void {
    this.#since = tick;
    this.#frames = 0;
  }

  /** Length of a client tick, a little off the server's to move towards the wanted depth. */
  get intervalMs(): number {
    const change = Math.max(-MAX_CHANGE, Math.min(MAX_CHANGE, this.#missing() * GAIN));
    return this.#tickMs * (1 - change);
  }

  /** Ticks by which the smallest depth is under the target. */
  #missing(): number {
    if (this.#frames < SETTLED) return 0;
    const known = Math.min(this.#frames, WINDOW);
    let smallest = this.#depths[0]!;
    for (let i = 1; i < known; i++) smallest = Math.min(smallest, this.#depths[i]!);
    return TARGET_DEPTH - smallest;
  }
}

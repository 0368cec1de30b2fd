/**
 * How far ahead of the server the client computes. Each frame says which input is the newest that had
 * arrived; how far that is ahead of the frame's tick is the depth of the server's buffer. It is kept so that nearly all
 * frames report TARGET_DEPTH or more: a stall now and then does not count, for what it delays is few inputs, and to
 * cover it would delay all of them. A client that is late in every frame jumps ahead at once, else the pace of its ticks
 * changes a little.
 */
import type { Clock } from '../../src/base/env.ts';

const TARGET_DEPTH = 2;
/** Frames that are looked back on. */
const WINDOW = 64;
/** The share of frames that may report less than the target. */
const UNDER = 0.03;
/** Frames that must have been seen before anything is corrected. */
const SETTLED = 4;
/** Late in every frame for so long: the way has become longer, it is not a stall. */
const LATE_MS = 120;
/** Ticks that were sent and whose time is remembered. */
const REMEMBERED = 256;
/** Depths beyond this are not told apart. */
const DEEPEST = 127;
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
  readonly #lateFrames: number;
  readonly #sentMs = new Float64Array(REMEMBERED);
  readonly #depths = new Int32Array(WINDOW);
  /** How many of the depths in the window are each value, from -DEEPEST on. */
  readonly #counts = new Int32Array(DEEPEST * 2 + 1);
  readonly #tripsMs = new Float64Array(WINDOW);
  #frames = 0;
  /** Late frames in a row. */
  #lateInRow = 0;
  /** Reports about older inputs are from before the last jump. */
  #since = 0;
  #rttMs: number;

  /** `rttMs`: that of an earlier stay, if there was one. */
  constructor(
    clock: Clock,
    { tickMs, everyTicks = 1, rttMs = FIRST_RTT_MS }: { tickMs: number; everyTicks?: number; rttMs?: number },
  ) {
    this.#clock = clock;
    this.#tickMs = tickMs;
    this.#lateFrames = Math.min(WINDOW, Math.max(SETTLED, Math.ceil(LATE_MS / (tickMs * everyTicks))));
    this.#rttMs = rttMs;
  }

  /** From sending an input to the first frame that knows of it; the shortest of the last frames. */
  get rttMs(): number {
    return this.#rttMs;
  }

  /** How many ticks ahead of a first frame to begin. */
  get firstLead(): number {
    return 1 + TARGET_DEPTH + Math.ceil(this.#rttMs / this.#tickMs);
  }

  /** How many inputs wait at the server when nearly all is well. */
  get depth(): number {
    return this.#frames === 0 ? 0 : this.#usual();
  }

  sent(tick: number): void {
    this.#sentMs[tick % REMEMBERED] = this.#clock.monotonic();
  }

  /** A frame says that the input of `newest` was the last to arrive before `tick` was computed. */
  frame(tick: number, newest: number): void {
    if (newest === 0 || newest < this.#since) return;
    const slot = this.#frames % WINDOW;
    if (this.#frames >= WINDOW) this.#counts[this.#depths[slot]! + DEEPEST]!--;
    const depth = Math.max(-DEEPEST, Math.min(DEEPEST, newest - tick));
    this.#depths[slot] = depth;
    this.#counts[depth + DEEPEST]!++;
    this.#tripsMs[slot] = this.#clock.monotonic() - this.#sentMs[newest % REMEMBERED]!;
    this.#frames++;
    this.#lateInRow = depth < TARGET_DEPTH - 1 ? this.#lateInRow + 1 : 0;
    const known = Math.min(this.#frames, WINDOW);
    this.#rttMs = this.#tripsMs[0]!;
    for (let i = 1; i < known; i++) this.#rttMs = Math.min(this.#rttMs, this.#tripsMs[i]!);
  }

  /** Ticks to jump ahead at once (above 0) or to wait (below 0). Call `jumped` when it is done. */
  get jump(): number {
    if (this.#lateInRow >= this.#lateFrames) return TARGET_DEPTH - this.#bestOfLate();
    const missing = this.#missing();
    return missing < -FAR ? missing : 0;
  }

  /** The next input to be sent is that of `tick`; what is reported about older ones says nothing now. */
  jumped(tick: number): void {
    this.#since = tick;
    this.#frames = 0;
    this.#lateInRow = 0;
    this.#counts.fill(0);
  }

  /** Length of a client tick, a little off the server's to move towards the wanted depth. */
  get intervalMs(): number {
    const change = Math.max(-MAX_CHANGE, Math.min(MAX_CHANGE, this.#missing() * GAIN));
    return this.#tickMs * (1 - change);
  }

  /** The greatest depth of the last frames: it may have fallen further and further before. */
  #bestOfLate(): number {
    let best = -DEEPEST;
    for (let ago = 1; ago <= this.#lateFrames; ago++) {
      best = Math.max(best, this.#depths[(this.#frames - ago) % WINDOW]!);
    }
    return best;
  }

  /** Ticks by which the usual depth is under the target. */
  #missing(): number {
    return this.#frames < SETTLED ? 0 : TARGET_DEPTH - this.#usual();
  }

  /** The depth that all but a few frames of the window had. */
  #usual(): number {
    let left = Math.floor(Math.min(this.#frames, WINDOW) * UNDER);
    let at = 0;
    while (left - this.#counts[at]! >= 0) left -= this.#counts[at++]!;
    return at - DEEPEST;
  }
}

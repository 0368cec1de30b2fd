/**
 * The inputs of one player that wait for their tick. Filled by seat.ts as frames come, emptied by shard.ts
 * at one input per tick.
 * [T4] An input applies once, in tick order. One that is late, too early, or not what was sent for its tick
 * before is rejected; a plain repetition is expected and ignored. Memory is one fixed array.
 */
import { BitReader } from '../../src/base/bits.ts';
import type { Components } from '../core/component.ts';
import type { Reject } from '../core/frames.ts';
import type { ShardLimits } from '../core/limits.ts';
import { RecordReader } from '../core/record-codec.ts';
import type { Row } from '../core/record-type.ts';
import { InputLines } from './input-lines.ts';
import type { SharedInputs } from './shared-inputs.ts';

/** Is told of inputs that are not taken. */
export interface Rejecting {
  reject(tick: number, why: Reject): void;
}

/** More ticks than a line is ever old. */
const MARKS = 2 ** 30;

export class InputBuffer<I extends Components> {
  readonly #shared: SharedInputs<I>;
  readonly #limits: ShardLimits;
  /** The ring holds as many past ticks as future ones, to tell a repetition from a late input. */
  readonly #size: number;
  /**
   * The ring, and behind it the last input applied. A line of the ring is marked with the tick whose input it holds,
   * or with the negative of it when that came late and was rejected.
   */
  readonly #lines: InputLines;
  readonly #held: number;
  #repeats: number;
  #newest = 0;
  #waiting = 0;
  #taken = 0;

  constructor(shared: SharedInputs<I>, limits: ShardLimits) {
    this.#shared = shared;
    this.#limits = limits;
    this.#size = limits.inputAheadTicks * 2;
    this.#held = this.#size;
    this.#lines = new InputLines(shared.type.lanes, this.#size + 1);
    this.#repeats = limits.inputRepeatTicks;
  }

  /** The newest tick for which an input came, in time or not; 0 before the first. */
  get newest(): number {
    return this.#newest;
  }

  /** Inputs that came in time and wait for their tick. */
  get waiting(): number {
    return this.#waiting;
  }

  /** The number of the last input that `takeNext` gave; 0 before the first. */
  get taken(): number {
    return this.#taken;
  }

  /** Takes the frame that is open while `now` is the last tick computed. Throws Fault `bad_message`. */
  receive(now: number, rejecting: Rejecting): void {
    const { frame } = this.#shared;
    const { firstTick, count } = frame;
    if (count > this.#limits.inputTicks) return rejecting.reject(firstTick + count - 1, 'too_large');
    for (let i = 0; i < count; i++) {
      frame.next();
      const why = this.#place(firstTick + i, now);
      if (why) rejecting.reject(firstTick + i, why);
    }
    frame.end();
  }

  /**
   * The input for the tick that is computed now: its own, else the last one for a while, else the neutral. Valid
   * until the next one of the shard is taken.
   */
  take(tick: number): Row<I> {
    const line = tick % this.#size;
    if (this.#lines.markOf(line) === markOf(tick)) {
      this.#waiting--;
      this.#repeats = 0;
      this.#lines.copy(line, this.#held);
    } else if (this.#repeats < this.#limits.inputRepeatTicks) {
      this.#repeats++;
    } else {
      return this.#shared.showNeutral();
    }
    return this.#shared.show(this.#lines, this.#held);
  }

  /**
   * For event-driven shards, where inputs are numbered 1, 2, 3 ...: the next one that waits, the gap before
   * it skipped, for what is missing was rejected; undefined when none waits.
   */
  takeNext(): Row<I> | undefined {
    if (this.#waiting === 0) return undefined;
    do this.#taken++;
    while (this.#lines.markOf(this.#taken % this.#size) !== markOf(this.#taken));
    return this.take(this.#taken);
  }

  /** For a log that is computed again: the input for this tick and those after it; `once`, for the next one alone. */
  give(record: Uint8Array, once: boolean): void {
    const bits = new BitReader(record);
    const reader = new RecordReader(this.#shared.type.lanes);
    reader.read(bits);
    bits.end();
    const line = once ? ++this.#newest % this.#size : this.#held;
    this.#lines.put(line, reader);
    this.#repeats = Number.NEGATIVE_INFINITY;
    if (!once) return;
    this.#lines.mark(line, markOf(this.#newest));
    this.#waiting++;
  }

  /** Forgets everything, when the player is gone or comes back. */
  clear(): void {
    this.#lines.clear();
    this.#newest = 0;
    this.#waiting = 0;
    this.#taken = 0;
    this.#repeats = this.#limits.inputRepeatTicks;
  }

  #place(tick: number, now: number): Reject | undefined {
    if (tick > now + this.#limits.inputAheadTicks) return 'early';
    if (tick > this.#newest) this.#newest = tick;
    if (tick <= now - this.#limits.inputAheadTicks) return 'late';
    const line = tick % this.#size;
    const mark = markOf(tick);
    const before = this.#lines.markOf(line);
    if (before === mark) return this.#lines.same(line, this.#shared.frame.record) ? undefined : 'duplicate';
    if (tick <= now) {
      this.#lines.mark(line, -mark);
      return before === -mark ? undefined : 'late';
    }
    this.#lines.mark(line, mark);
    this.#lines.put(line, this.#shared.frame.record);
    this.#waiting++;
    return undefined;
  }
}

/** Above 0, so that its negative is another one. */
function markOf(tick: number): number {
  return (tick % MARKS) + 1;
}

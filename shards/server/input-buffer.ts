/**
 * The inputs of one player that wait for their tick. Filled by seat.ts as frames come, emptied by shard.ts
 * at one input per tick.
 * [T4] An input applies once, in tick order. One that is late, too early, or not what was sent for its tick
 * before is rejected; a plain repetition is expected and ignored. Memory is one fixed table.
 */
import { BitReader } from '../../src/base/bits.ts';
import type { Components } from '../core/component.ts';
import type { Reject } from '../core/frames.ts';
import type { ShardLimits } from '../core/limits.ts';
import { readRecord } from '../core/record-codec.ts';
import type { Row } from '../core/record-type.ts';
import type { Table } from '../core/table.ts';
import type { SharedInputs } from './shared-inputs.ts';

/** Is told of inputs that are not taken. */
export interface Rejecting {
  reject(tick: number, why: Reject): void;
}

export class InputBuffer<I extends Components> {
  readonly #shared: SharedInputs<I>;
  readonly #limits: ShardLimits;
  /** The ring holds as many past ticks as future ones, to tell a repetition from a late input. */
  readonly #size: number;
  /** The tick whose input stands in each row of the ring; `-tick - 1` when it came late and was rejected (-0 would be 0). */
  readonly #ticks: Float64Array;
  /** The ring, and behind it the last input applied. No views are made of its rows: they cost more than the inputs. */
  readonly #table: Table<Row<I>>;
  readonly #held: number;
  #repeats: number;
  #newest = 0;
  #waiting = 0;
  #taken = 0;

  constructor(shared: SharedInputs<I>, limits: ShardLimits) {
    this.#shared = shared;
    this.#limits = limits;
    this.#size = limits.inputAheadTicks * 2;
    this.#ticks = new Float64Array(this.#size).fill(Number.NaN);
    this.#held = this.#size;
    this.#table = shared.type.table(this.#size + 1);
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
      this.#shared.decode();
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
    const row = tick % this.#size;
    if (this.#ticks[row] === tick) {
      this.#waiting--;
      this.#repeats = 0;
      this.#table.copy(this.#table, row, this.#held);
    } else if (this.#repeats < this.#limits.inputRepeatTicks) {
      this.#repeats++;
    } else {
      return this.#shared.showNeutral();
    }
    return this.#shared.show(this.#table, this.#held);
  }

  /**
   * For event-driven shards, where inputs are numbered 1, 2, 3 ...: the next one that waits, the gap before
   * it skipped, for what is missing was rejected; undefined when none waits.
   */
  takeNext(): Row<I> | undefined {
    if (this.#waiting === 0) return undefined;
    do this.#taken++;
    while (this.#ticks[this.#taken % this.#size] !== this.#taken);
    return this.take(this.#taken);
  }

  /** For a log that is computed again: the input for this tick and those after it; `once`, for the next one alone. */
  give(record: Uint8Array, once: boolean): void {
    const row = once ? ++this.#newest % this.#size : this.#held;
    readRecord(new BitReader(record), this.#table, row);
    this.#repeats = Number.NEGATIVE_INFINITY;
    if (!once) return;
    this.#ticks[row] = this.#newest;
    this.#waiting++;
  }

  /** Forgets everything, when the player is gone or comes back. */
  clear(): void {
    this.#ticks.fill(Number.NaN);
    this.#newest = 0;
    this.#waiting = 0;
    this.#taken = 0;
    this.#repeats = this.#limits.inputRepeatTicks;
  }

  #place(tick: number, now: number): Reject | undefined {
    if (tick > now + this.#limits.inputAheadTicks) return 'early';
    this.#newest = Math.max(this.#newest, tick);
    if (tick <= now - this.#limits.inputAheadTicks) return 'late';
    const row = tick % this.#size;
    if (this.#ticks[row] === tick) {
      return this.#shared.same(this.#table, row) ? undefined : 'duplicate';
    }
    if (tick <= now) {
      const repeated = this.#ticks[row] === -tick - 1;
      this.#ticks[row] = -tick - 1;
      return repeated ? undefined : 'late';
    }
    this.#ticks[row] = tick;
    this.#shared.store(this.#table, row);
    this.#waiting++;
    return undefined;
  }
}

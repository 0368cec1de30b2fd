/** The inputs that the client has sent or is about to send, by tick, quantized as the server will see them. */
import type { Components, Values } from '../core/component.ts';
import type { RecordType, Row } from '../core/record-type.ts';
import { lagOf, type RewindPlan } from '../core/rewind-plan.ts';
import type { Table } from '../core/table.ts';

export class InputLog<I extends Components> {
  readonly table: Table<Row<I>>;
  readonly #type: RecordType<I>;
  readonly #size: number;
  readonly #ticks: Float64Array;
  readonly #held: number;
  readonly #neutral: number;
  readonly #before: number;
  /** Of definitions with a rewind: what is told beside the fields. */
  readonly #rewind: RewindPlan | undefined;

  /** `size`: ticks that are remembered, more than a client may be ahead of the server. */
  constructor(type: RecordType<I>, size: number, rewind?: RewindPlan) {
    this.#type = type;
    this.#rewind = rewind;
    this.#size = size;
    this.#ticks = new Float64Array(size).fill(Number.NaN);
    this.#held = size;
    this.#neutral = size + 1;
    this.#before = size + 2;
    this.table = type.table(size + 3);
  }

  /** What the player does from now on, until told otherwise; true when that is something else than before. */
  hold(input: Partial<Values<I>>): boolean {
    this.table.copy(this.table, this.#held, this.#before);
    this.#type.assign(this.table.at(this.#held), input);
    return !this.table.same(this.table, this.#held, this.#before);
  }

  /** The input that the player holds. */
  get held(): Row<I> {
    return this.table.at(this.#held);
  }

  /** Takes what is held as the input of `tick`, given by a player who saw the moment `seen`, in ticks. */
  record(tick: number, seen = tick): void {
    const row = tick % this.#size;
    this.table.copy(this.table, this.#held, row);
    if (this.#rewind) {
      const { values } = this.table.columns[this.table.lanes.length - 1]!;
      values[row] = lagOf(this.#rewind, tick, seen);
    }
    this.#ticks[row] = tick;
  }

  has(tick: number): boolean {
    return this.#ticks[tick % this.#size] === tick;
  }

  rowOf(tick: number): number {
    return this.has(tick) ? tick % this.#size : this.#neutral;
  }

  /** The input of a tick; the neutral one when none was recorded, as on the server. */
  at(tick: number): Row<I> {
    return this.table.at(this.rowOf(tick));
  }
}

/**
 * A rotation goes over to another chart (rotation.ts): says in the new one what a cell's state says of it in the old
 * one, so that it is expected to go on turning as before. The server's streams and the client's cells do so with the
 * same code and the same numbers. [T2] Used by StateDiff and ChunkDecoder, rarely: a body that turns does so a few
 * times in a turn.
 */
import { Fault } from '../../src/base/fault.ts';
import type { ChunkLayout } from './chunk-layout.ts';
import { chartRotation, unpackRotation } from './rotation.ts';

export class ChartChange {
  readonly #layout: ChunkLayout;
  readonly #lanes = new Float64Array(4);
  readonly #numbers = new Float64Array(4);
  readonly #now = new Float64Array(4);
  readonly #before = new Float64Array(4);

  constructor(layout: ChunkLayout) {
    this.#layout = layout;
  }

  /**
   * The three lanes behind the chart at `data[at]`, and their paces, in the chart `to.chart`; it is itself left as it is.
   * Throws Fault `bad_message` for no chart.
   */
  change(data: Int32Array, at: number, to: { lane: number; chart: number }): void {
    const { lane, chart } = to;
    if (chart < 0 || chart > 3) throw new Fault('bad_message', 'no chart of a rotation');
    const { motion, max } = this.#layout;
    const most = max[lane + 1]!;
    const record = at - lane - 1;
    this.#turn({ data, at, record, lane }, { chart, most, back: 0 }, this.#now);
    this.#turn({ data, at, record, lane }, { chart, most, back: 1 }, this.#before);
    for (let axis = 1; axis < 4; axis++) {
      const now = clamped(this.#now[axis]!, most);
      const pace = now - clamped(this.#before[axis]!, most);
      const moving = record + motion[lane + axis]!;
      data[at + axis] = now;
      data[moving] = pace;
      data[moving + 1] = 0;
      data[moving + 2] = 0;
    }
  }

  /** The rotation of now, or `back` of a step ago, in the new chart. */
  #turn(
    from: { data: Int32Array; at: number; record: number; lane: number },
    to: { chart: number; most: number; back: number },
    out: Float64Array,
  ): void {
    const { data, at, record, lane } = from;
    const lanes = this.#lanes;
    lanes[0] = data[at]!;
    for (let axis = 1; axis < 4; axis++) {
      lanes[axis] = data[at + axis]! - to.back * data[record + this.#layout.motion[lane + axis]!]!;
    }
    unpackRotation(lanes, to.most, this.#numbers);
    chartRotation(this.#numbers, to, out);
  }
}

function clamped(value: number, most: number): number {
  return Math.min(most, Math.max(-most, Math.round(value)));
}

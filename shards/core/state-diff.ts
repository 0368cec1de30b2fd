/**
 * How the entities of a cell differ from what was predicted of them: one pass over the columns of the world, which
 * also brings the cell's state up to date. Kept by ChunkEncoder for all its cells; nothing is allocated. [T2]
 */
import { bendOf, type CellState, predict, turned } from './cell-state.ts';
import { ChartChange } from './chart-change.ts';
import { ANGLE, CHART, type ChunkLayout, type Phase, TEXT } from './chunk-layout.ts';
import type { Table } from './table.ts';
import { Text } from './text.ts';

/** Rows of a table: `count` of them, listed in `rows` from index `from` on, in order of the entities' ids. */
export interface Rows {
  readonly table: Table<unknown>;
  readonly rows: Int32Array;
  readonly from: number;
  readonly count: number;
}

export class StateDiff {
  /** By slot and lane: the residual; for a text, whether it changed. */
  residuals: Int32Array;
  /** By slot: 1 when any lane differs. */
  changed = new Uint8Array(16);
  readonly layout: ChunkLayout;
  readonly #charts: ChartChange;
  #table: Table<unknown> | undefined;
  #capacity = 0;
  /** The columns of the table by lane of the layout. */
  #columns: (Int32Array | Float64Array)[] = [];
  #textColumns: Text[][] = [];

  constructor(layout: ChunkLayout) {
    this.layout = layout;
    this.residuals = new Int32Array(16 * layout.stride);
    this.#charts = new ChartChange(layout);
  }

  /** Takes over what the rows hold and notes how it differs from what was predicted. */
  compare(state: CellState, { table, rows, from }: Rows, phase: Phase): boolean {
    this.#use(table);
    this.#reserve(state.count);
    const { layout, residuals } = this;
    const { stride, size, motion, min, max } = layout;
    const { linear, angles, still, charts, texts, guarded } = phase;
    const { data, count } = state;
    const columns = this.#columns;
    let differs = 0;
    for (let slot = 0; slot < count; slot++) {
      const row = rows[from + slot]!;
      const base = slot * size + 1;
      const to = slot * stride;
      let changed = 0;
      for (let n = 0; n < charts.length; n++) {
        const i = charts[n]!;
        const chart = columns[i]![row]!;
        if (chart !== data[base + i]!) this.#charts.change(data, base + i, { lane: i, chart });
      }
      for (let n = 0; n < linear.length; n++) {
        const i = linear[n]!;
        const at = base - 1 + motion[i]!;
        const before = data[base + i]!;
        const value = columns[i]![row]!;
        let expected = before + data[at]! + data[at + 2]!;
        if (expected < min[i]!) expected = min[i]!;
        else if (expected > max[i]!) expected = max[i]!;
        const residual = (value - expected) | 0;
        const pace = (value - before) | 0;
        const swing = (pace - data[at]!) | 0;
        data[base + i] = value;
        data[at + 2] = bendOf(swing, data[at + 1]!);
        data[at + 1] = swing;
        data[at] = pace;
        residuals[to + i] = residual;
        changed |= residual;
      }
      for (let n = 0; n < angles.length; n++) {
        const i = angles[n]!;
        const at = base - 1 + motion[i]!;
        const before = data[base + i]!;
        const value = columns[i]![row]!;
        const expected = predict(layout, i, before + data[at]! + data[at + 2]!);
        const residual = turned(layout, i, value - expected);
        const pace = turned(layout, i, value - before);
        const swing = turned(layout, i, pace - data[at]!);
        data[base + i] = value;
        data[at + 2] = bendOf(swing, data[at + 1]!);
        data[at + 1] = swing;
        data[at] = pace;
        residuals[to + i] = residual;
        changed |= residual;
      }
      for (let n = 0; n < still.length; n++) {
        const i = still[n]!;
        const value = columns[i]![row]!;
        const residual = (value - data[base + i]!) | 0;
        data[base + i] = value;
        residuals[to + i] = residual;
        changed |= residual;
      }
      for (let n = 0; n < texts.length; n++) {
        const i = texts[n]!;
        const text = this.#textColumns[i]![row]!;
        const place = slot * layout.textStride + layout.text[i]!;
        const known = state.texts[place]!;
        if (text === known) {
          residuals[to + i] = 0;
          continue;
        }
        const residual = text.value === known.value ? 0 : 1;
        state.texts[place] = text;
        residuals[to + i] = residual;
        changed |= residual;
      }
      if (guarded.length > 0) changed |= this.#compareGuarded(state, guarded, { slot, row });
      this.changed[slot] = changed === 0 ? 0 : 1;
      differs |= changed;
    }
    return differs !== 0;
  }

  /** Lanes that are not always there. What just came has no pace, as what is absent. */
  #compareGuarded(state: CellState, lanes: Int32Array, of: { slot: number; row: number }): number {
    const { layout, residuals } = this;
    const { stride, size, kind, guard, initial } = layout;
    const { data } = state;
    const { slot, row } = of;
    const base = slot * size + 1;
    const to = slot * stride;
    let changed = 0;
    for (let n = 0; n < lanes.length; n++) {
      const i = lanes[n]!;
      const present = data[base + guard[i]!] !== 0;
      const flipped = residuals[to + guard[i]!] !== 0;
      let residual = 0;
      if (kind[i] === TEXT) {
        const place = slot * layout.textStride + layout.text[i]!;
        const text = present ? this.#textColumns[i]![row]! : Text.EMPTY;
        if (present && text.value !== state.texts[place]!.value) residual = 1;
        state.texts[place] = text;
      } else {
        const value = present ? this.#columns[i]![row]! : initial[i]!;
        if (!present) {
          data[base + i] = value;
          state.rest(slot, i);
        } else {
          residual = residualOf(state, { slot, lane: i }, value);
          if (kind[i] === CHART && residual !== 0)
            this.#charts.change(data, base + i, { lane: i, chart: value });
          state.move(slot, i, residual);
          if (flipped) state.rest(slot, i);
        }
      }
      residuals[to + i] = residual;
      changed |= residual;
    }
    return changed;
  }

  /** Takes over what a row holds, for an entity that has come. */
  load(state: CellState, slot: number, { table, row }: { table: Table<unknown>; row: number }): void {
    this.#use(table);
    const { stride, size, kind, guard, initial, textStride, text } = this.layout;
    const { data } = state;
    const at = slot * size + 1;
    for (let i = 0; i < stride; i++) {
      const absent = guard[i]! >= 0 && data[at + guard[i]!] === 0;
      if (kind[i] === TEXT) {
        state.texts[slot * textStride + text[i]!] = absent ? Text.EMPTY : this.#textColumns[i]![row]!;
        data[at + i] = 0;
      } else data[at + i] = absent ? initial[i]! : this.#columns[i]![row]!;
    }
  }

  /** The columns of the table; looked up anew when it has grown. */
  #use(table: Table<unknown>): void {
    if (this.#table === table && this.#capacity === table.capacity) return;
    this.#table = table;
    this.#capacity = table.capacity;
    const { source } = this.layout;
    this.#columns = Array.from(source, (lane) => table.columns[lane]!.values);
    this.#textColumns = Array.from(source, (lane) => table.columns[lane]!.texts);
  }

  #reserve(count: number): void {
    if (count <= this.changed.length) return;
    this.residuals = new Int32Array(count * 2 * this.layout.stride);
    this.changed = new Uint8Array(count * 2);
  }
}

/** What makes `value` of what is expected. */
function residualOf({ layout, data }: CellState, of: { slot: number; lane: number }, value: number): number {
  const { slot, lane } = of;
  const at = slot * layout.size;
  const motion = layout.motion[lane]!;
  const before = data[at + 1 + lane]!;
  if (motion === 0) return (value - before) | 0;
  const way = value - predict(layout, lane, before + data[at + motion]! + data[at + motion + 2]!);
  return layout.kind[lane] === ANGLE ? turned(layout, lane, way) : way | 0;
}

/**
 * Writes the chunks of cells; one encoder with its scratch space for all cells of a shard and an audience.
 * Called by CellStream only. The bits are those of docs/wire.md, "Chunks". [T2]
 *
 * A frame costs one pass over the entities of a cell, which compares them with what was predicted, and a
 * second one over those that differ. Nothing is allocated in either.
 */
import { BitWriter } from '../../src/base/bits.ts';
import { type CellState, predict, turned } from './cell-state.ts';
import type { Chunk } from './chunk.ts';
import {
  COUNT_BITS,
  DELTA_BOTH,
  DELTA_HASH,
  DELTA_MEMBERS,
  GROUP,
  ID_BITS,
  KEY_CHUNK,
  writeGrouped,
} from './chunk-bits.ts';
import {
  ANGLE,
  type ChunkComponent,
  type ChunkLayout,
  LINEAR,
  type Phase,
  STILL,
  TEXT,
} from './chunk-layout.ts';
import { bitsFor } from './lane.ts';
import type { Table } from './table.ts';
import { Text } from './text.ts';
import type { TextPool } from './text-pool.ts';

/** Rows of a table: `count` of them, listed in `rows` from index `from` on, in order of the entities' ids. */
export interface Rows {
  readonly table: Table<unknown>;
  readonly rows: Int32Array;
  readonly from: number;
  readonly count: number;
}

/** How a step is to be said; kept by the stream and changed for each. */
export interface Step {
  frame: number;
  /** The chunk carries a hash, and there is one in any case. */
  hashed: boolean;
  readonly chunk: Chunk;
}

export class ChunkEncoder {
  readonly layout: ChunkLayout;
  readonly texts: TextPool;
  readonly #lives: (id: number) => boolean;
  readonly #bits = new BitWriter(1024);
  #table: Table<unknown> | undefined;
  #capacity = 0;
  /** The columns of the table by lane of the layout. */
  #columns: (Int32Array | Float64Array)[] = [];
  #textColumns: Text[][] = [];
  /** By slot and lane: the difference from what was predicted; for a text, whether it changed. */
  #residuals: Int32Array;
  /** By slot: whether any lane differs. */
  #changed = new Uint8Array(16);
  /** By slot: the row of the entity. */
  #rows = new Int32Array(16);
  /** Scratch of a change of membership. */
  #left = new Int32Array(16);
  #moved = new Uint8Array(16);
  #cameIds = new Int32Array(16);
  #cameRows = new Int32Array(16);
  #cameSlots = new Int32Array(16);
  #leftCount = 0;
  #cameCount = 0;

  /** `lives` says whether an entity that left a cell is still in the world. */
  constructor(layout: ChunkLayout, deps: { texts: TextPool; lives(id: number): boolean }) {
    this.layout = layout;
    this.#residuals = new Int32Array(16 * layout.stride);
    this.texts = deps.texts;
    this.#lives = deps.lives;
  }

  /**
   * Brings `state` to what `rows` of the table hold, and writes into the step's chunk what a holder of the old
   * state needs. False when that is nothing.
   */
  delta(state: CellState, rows: Rows, step: Step): boolean {
    const { chunk, hashed } = step;
    this.#use(rows.table);
    const phase = this.layout.phase(step.frame);
    if (sameMembers(state, rows)) {
      this.#reserve(state.count);
      const loud = this.#compare(state, rows, phase);
      if (!loud && !hashed) return false;
      this.#begin(chunk);
      if (hashed) this.#bits.write(1 | (DELTA_HASH << 1), 3);
      else this.#bits.write(0, 1);
      this.#writeKept(state, phase, { plain: !hashed, chunk });
      this.#end(state, step);
      return loud;
    }
    this.#reserve(Math.max(rows.count, state.count));
    this.#begin(chunk);
    this.#bits.write(1 | ((hashed ? DELTA_BOTH : DELTA_MEMBERS) << 1), 3);
    this.#match(state, rows);
    this.#writeLeaves(state);
    state.remove(this.#left, this.#leftCount);
    this.#compare(state, { table: rows.table, rows: this.#rows, from: 0, count: state.count }, phase);
    this.#writeKept(state, phase, { plain: false, chunk });
    this.#enter(state, chunk);
    this.#end(state, step);
    return true;
  }

  /** Writes all that `state` holds. */
  key(state: CellState, chunk: Chunk): void {
    this.#begin(chunk);
    this.#bits.write(1 | (KEY_CHUNK << 1), 3);
    writeGrouped(this.#bits, state.count, COUNT_BITS);
    let last = 0;
    for (let slot = 0; slot < state.count; slot++) last = this.#writeId(state.idAt(slot), last);
    for (let slot = 0; slot < state.count; slot++) {
      this.#writeRecord(state, slot, chunk);
      this.#writeSteps(state, slot);
    }
    chunk.take(this.#bits);
  }

  #begin(chunk: Chunk): void {
    this.#bits.clear();
    if (chunk.places.length > 0) chunk.places.length = 0;
  }

  #end(state: CellState, { hashed, chunk }: Step): void {
    if (hashed) this.#bits.write(state.hash(), 16);
    chunk.take(this.#bits);
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
    if (count <= this.#rows.length) return;
    const size = count * 2;
    this.#residuals = new Int32Array(size * this.layout.stride);
    this.#changed = new Uint8Array(size);
    this.#rows = new Int32Array(size);
    this.#left = new Int32Array(size);
    this.#moved = new Uint8Array(size);
    this.#cameIds = new Int32Array(size);
    this.#cameRows = new Int32Array(size);
    this.#cameSlots = new Int32Array(size);
  }

  /** Who stays, with his row, who left and who came. */
  #match(state: CellState, { table, rows, from, count }: Rows): void {
    let kept = 0;
    this.#leftCount = 0;
    this.#cameCount = 0;
    let slot = 0;
    for (let n = 0; n < count; n++) {
      const row = rows[from + n]!;
      const id = table.ids[row]!;
      while (slot < state.count && state.idAt(slot) < id) this.#leave(state, slot++);
      if (slot < state.count && state.idAt(slot) === id) {
        this.#rows[kept++] = row;
        slot++;
      } else {
        this.#cameIds[this.#cameCount] = id;
        this.#cameRows[this.#cameCount++] = row;
      }
    }
    while (slot < state.count) this.#leave(state, slot++);
  }

  #leave(state: CellState, slot: number): void {
    this.#left[this.#leftCount] = slot;
    this.#moved[this.#leftCount++] = this.#lives(state.idAt(slot)) ? 1 : 0;
  }

  #writeLeaves(state: CellState): void {
    writeGrouped(this.#bits, this.#leftCount, COUNT_BITS);
    const slotBits = bitsFor(state.count - 1);
    for (let i = 0; i < this.#leftCount; i++) {
      this.#bits.write(this.#left[i]!, slotBits);
      this.#bits.write(this.#moved[i]!, 1);
    }
  }

  #enter(state: CellState, chunk: Chunk): void {
    state.insert(this.#cameIds, this.#cameCount, this.#cameSlots);
    writeGrouped(this.#bits, this.#cameCount, COUNT_BITS);
    let last = 0;
    for (let i = 0; i < this.#cameCount; i++) last = this.#writeId(this.#cameIds[i]!, last);
    for (let i = 0; i < this.#cameCount; i++) {
      this.#load(state, this.#cameSlots[i]!, this.#cameRows[i]!);
      this.#writeRecord(state, this.#cameSlots[i]!, chunk);
    }
  }

  /** Takes over what the rows hold and notes how it differs from what was predicted. */
  #compare(state: CellState, { rows, from }: Rows, phase: Phase): boolean {
    const { layout } = this;
    const { stride, size, min, max } = layout;
    const { linear, angles, still, texts, guarded } = phase;
    const { data, count } = state;
    const residuals = this.#residuals;
    const columns = this.#columns;
    let differs = 0;
    for (let slot = 0; slot < count; slot++) {
      const row = rows[from + slot]!;
      const base = slot * size + 1;
      const to = slot * stride;
      let changed = 0;
      for (let n = 0; n < linear.length; n++) {
        const i = linear[n]!;
        const before = data[base + i]!;
        const value = columns[i]![row]!;
        let expected = before + data[base + stride + i]!;
        if (expected < min[i]!) expected = min[i]!;
        else if (expected > max[i]!) expected = max[i]!;
        const residual = (value - expected) | 0;
        data[base + i] = value;
        data[base + stride + i] = value - before;
        residuals[to + i] = residual;
        changed |= residual;
      }
      for (let n = 0; n < angles.length; n++) {
        const i = angles[n]!;
        const before = data[base + i]!;
        const value = columns[i]![row]!;
        const residual = turned(layout, i, value - predict(layout, i, before + data[base + stride + i]!));
        data[base + i] = value;
        data[base + stride + i] = turned(layout, i, value - before);
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
      this.#changed[slot] = changed === 0 ? 0 : 1;
      differs |= changed;
    }
    return differs !== 0;
  }

  /** Lanes that are not always there. What just came, as what is absent, has made no step. */
  #compareGuarded(state: CellState, lanes: Int32Array, of: { slot: number; row: number }): number {
    const { layout } = this;
    const { stride, size, kind, guard, initial } = layout;
    const { data } = state;
    const residuals = this.#residuals;
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
        const before = data[base + i]!;
        const value = present ? this.#columns[i]![row]! : initial[i]!;
        const moves = present && !flipped && kind[i] !== STILL;
        const way = value - (moves ? predict(layout, i, before + data[base + stride + i]!) : before);
        if (present) residual = kind[i] === ANGLE ? turned(layout, i, way) : way | 0;
        data[base + i] = value;
        if (kind[i] !== STILL) {
          const made = kind[i] === ANGLE ? turned(layout, i, value - before) : value - before;
          data[base + stride + i] = moves ? made : 0;
        }
      }
      residuals[to + i] = residual;
      changed |= residual;
    }
    return changed;
  }

  /** A plain chunk is only sent when something changed: when all others are as predicted, the last is not. */
  #writeKept(state: CellState, phase: Phase, to: { plain: boolean; chunk: Chunk }): void {
    const bits = this.#bits;
    const changed = this.#changed;
    const { count } = state;
    let implied = to.plain && count <= GROUP;
    for (let slot = 0; slot < count; slot++) {
      if (count > GROUP && slot % GROUP === 0) {
        const end = Math.min(count, slot + GROUP);
        let any = 0;
        for (let s = slot; s < end; s++) any |= changed[s]!;
        bits.write(any, 1);
        if (any === 0) {
          slot = end - 1;
          continue;
        }
      }
      if (!implied || slot < count - 1) bits.write(changed[slot]!, 1);
      if (changed[slot] === 0) continue;
      implied = false;
      this.#writeChanges(state, slot, { phase, chunk: to.chunk });
    }
  }

  #writeChanges(state: CellState, slot: number, to: { phase: Phase; chunk: Chunk }): void {
    const { components, moving } = to.phase;
    const bits = this.#bits;
    if (components.length === 1)
      return this.#writeResiduals(state, slot, { component: components[0]!, chunk: to.chunk });
    let all = false;
    for (let n = moving; n < components.length && !all; n++) all = this.#differs(slot, components[n]!);
    for (let n = 0; n < moving && all; n++) bits.write(0, 1);
    const named = all ? components.length : moving;
    for (let n = 0; n < named; n++) {
      const component = components[n]!;
      const differs = this.#differs(slot, component);
      bits.write(differs ? 1 : 0, 1);
      if (differs) this.#writeResiduals(state, slot, { component, chunk: to.chunk });
    }
  }

  #differs(slot: number, { first, end }: ChunkComponent): boolean {
    const at = slot * this.layout.stride;
    for (let i = first; i < end; i++) if (this.#residuals[at + i] !== 0) return true;
    return false;
  }

  #writeResiduals(state: CellState, slot: number, to: { component: ChunkComponent; chunk: Chunk }): void {
    const { layout } = this;
    const { kind, guard, plain, codes, min, bits: widths } = layout;
    const { data } = state;
    const at = slot * layout.size + 1;
    const residuals = slot * layout.stride;
    for (let i = to.component.first; i < to.component.end; i++) {
      if (guard[i]! >= 0 && data[at + guard[i]!] === 0) continue;
      if (kind[i] === TEXT)
        this.#writeText(state.texts[slot * layout.textStride + layout.text[i]!]!, to.chunk);
      else if (plain[i] === 1) this.#bits.write(data[at + i]! - min[i]!, widths[i]!);
      else codes[i]!.write(this.#bits, this.#residuals[residuals + i]!);
    }
  }

  #writeId(id: number, last: number): number {
    writeGrouped(this.#bits, id - last - 1, ID_BITS);
    return id;
  }

  #load(state: CellState, slot: number, row: number): void {
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

  #writeRecord(state: CellState, slot: number, chunk: Chunk): void {
    const { stride, size, kind, guard, min, bits: widths, textStride, text } = this.layout;
    const { data } = state;
    const at = slot * size + 1;
    for (let i = 0; i < stride; i++) {
      if (guard[i]! >= 0 && data[at + guard[i]!] === 0) continue;
      if (kind[i] === TEXT) this.#writeText(state.texts[slot * textStride + text[i]!]!, chunk);
      else this.#bits.write(data[at + i]! - min[i]!, widths[i]!);
    }
  }

  #writeSteps(state: CellState, slot: number): void {
    const { stride, size, kind, guard, steps } = this.layout;
    const { data } = state;
    const at = slot * size + 1;
    for (let i = 0; i < stride; i++) {
      if (kind[i] !== LINEAR && kind[i] !== ANGLE) continue;
      if (guard[i]! >= 0 && data[at + guard[i]!] === 0) continue;
      steps.write(this.#bits, data[at + stride + i]!);
    }
  }

  #writeText(text: Text, chunk: Chunk): void {
    const bits = this.#bits;
    if (text.bytes.length === 0) return bits.write(0, 1);
    bits.write(1, 1);
    const place = this.texts.placeOf(text);
    bits.write(place, this.layout.placeBits);
    chunk.places.push(place);
  }
}

function sameMembers(state: CellState, { table, rows, from, count }: Rows): boolean {
  if (state.count !== count) return false;
  const { data, layout } = state;
  const { ids } = table;
  for (let slot = 0; slot < count; slot++) {
    if (ids[rows[from + slot]!] !== data[slot * layout.size]) return false;
  }
  return true;
}

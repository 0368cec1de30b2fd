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
import { ANGLE, type ChunkComponent, type ChunkLayout, LINEAR, type Phase, TEXT } from './chunk-layout.ts';
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
   * Brings `state` to what `rows` of the table hold, and writes into `chunk` what a holder of the old state
   * needs. False when that is nothing. `hashed`: the chunk carries a hash, and there is one in any case.
   */
  delta(state: CellState, source: Rows, as: { frame: number; hashed: boolean; chunk: Chunk }): boolean {
    const { chunk } = as;
    this.#use(source.table);
    this.#reserve(Math.max(source.count, state.count));
    const phase = this.layout.phase(as.frame);
    const before = state.count;
    const sameMembers = this.#match(state, source);
    if (!sameMembers) state.remove(this.#left, this.#leftCount);
    const kept = state.count;
    const differs = this.#compare(state, phase);
    const loud = differs || !sameMembers;
    if (!loud && !as.hashed) return false;
    const bits = this.#bits;
    bits.clear();
    chunk.places.length = 0;
    const plain = sameMembers && !as.hashed;
    if (plain) bits.write(0, 1);
    else {
      const begin = sameMembers ? DELTA_HASH : as.hashed ? DELTA_BOTH : DELTA_MEMBERS;
      bits.write(1 | (begin << 1), 3);
    }
    if (!sameMembers) {
      writeGrouped(bits, this.#leftCount, COUNT_BITS);
      const slotBits = bitsFor(before - 1);
      for (let i = 0; i < this.#leftCount; i++) {
        bits.write(this.#left[i]!, slotBits);
        bits.write(this.#moved[i]!, 1);
      }
    }
    this.#writeKept(state, phase, { kept, plain, chunk });
    if (!sameMembers) {
      state.insert(this.#cameIds, this.#cameCount, this.#cameSlots);
      this.#writeIds(this.#cameIds, this.#cameCount);
      for (let i = 0; i < this.#cameCount; i++) {
        this.#load(state, this.#cameSlots[i]!, this.#cameRows[i]!);
        this.#writeRecord(state, this.#cameSlots[i]!, chunk);
      }
    }
    if (as.hashed) bits.write(state.hash(), 16);
    chunk.take(bits);
    return loud;
  }

  /** Writes all that `state` holds. */
  key(state: CellState, chunk: Chunk): void {
    const bits = this.#bits;
    bits.clear();
    chunk.places.length = 0;
    bits.write(1 | (KEY_CHUNK << 1), 3);
    this.#writeIds(state.ids, state.count);
    for (let slot = 0; slot < state.count; slot++) {
      this.#writeRecord(state, slot, chunk);
      this.#writeSteps(state, slot);
    }
    chunk.take(bits);
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

  /** Who stays, with his row, who left and who came. True when nobody did either. */
  #match(state: CellState, { table, rows, from, count }: Rows): boolean {
    const { ids } = state;
    const tableIds = table.ids;
    let kept = 0;
    this.#leftCount = 0;
    this.#cameCount = 0;
    let slot = 0;
    for (let n = 0; n < count; n++) {
      const row = rows[from + n]!;
      const id = tableIds[row]!;
      while (slot < state.count && ids[slot]! < id) this.#leave(state, slot++);
      if (slot < state.count && ids[slot] === id) {
        this.#rows[kept++] = row;
        slot++;
      } else {
        this.#cameIds[this.#cameCount] = id;
        this.#cameRows[this.#cameCount++] = row;
      }
    }
    while (slot < state.count) this.#leave(state, slot++);
    return this.#leftCount === 0 && this.#cameCount === 0;
  }
  #leave(state: CellState, slot: number): void {
    this.#left[this.#leftCount] = slot;
    this.#moved[this.#leftCount++] = this.#lives(state.ids[slot]!) ? 1 : 0;
  }

  /** Takes over what the rows hold and notes how it differs from what was predicted. */
  #compare(state: CellState, { lanes }: Phase): boolean {
    const { stride, kind, min, max, guard } = this.layout;
    const { values, steps } = state;
    const residuals = this.#residuals;
    let differs = false;
    for (let slot = 0; slot < state.count; slot++) {
      const row = this.#rows[slot]!;
      const at = slot * stride;
      let changed = 0;
      for (let n = 0; n < lanes.length; n++) {
        const i = lanes[n]!;
        if (kind[i] === TEXT) {
          changed |= this.#compareText(state, i, { slot, row });
          continue;
        }
        const before = values[at + i]!;
        const step = steps[at + i]!;
        let value = this.#columns[i]![row]!;
        const by = guard[i]!;
        if (by >= 0) {
          const present = values[at + by]!;
          if (present === 0) value = this.layout.initial[i]!;
          if (present === 0 || residuals[at + by] !== 0) {
            // It just came or went, or is not there: it is as before or begins anew, and has made no step.
            const residual = present === 0 ? 0 : (value - before) | 0;
            values[at + i] = value;
            steps[at + i] = 0;
            residuals[at + i] = residual;
            changed |= residual;
            continue;
          }
        }
        let residual: number;
        if (kind[i] === LINEAR) {
          let expected = before + step;
          if (expected < min[i]!) expected = min[i]!;
          else if (expected > max[i]!) expected = max[i]!;
          residual = (value - expected) | 0;
          steps[at + i] = value - before;
        } else if (kind[i] === ANGLE) {
          residual = turned(this.layout, i, value - predict(this.layout, i, before + step));
          steps[at + i] = turned(this.layout, i, value - before);
        } else residual = (value - before) | 0;
        values[at + i] = value;
        residuals[at + i] = residual;
        changed |= residual;
      }
      this.#changed[slot] = changed === 0 ? 0 : 1;
      if (changed !== 0) differs = true;
    }
    return differs;
  }

  #compareText(state: CellState, lane: number, of: { slot: number; row: number }): number {
    const { layout } = this;
    const at = of.slot * layout.textStride + layout.text[lane]!;
    const by = layout.guard[lane]!;
    const absent = by >= 0 && state.values[of.slot * layout.stride + by] === 0;
    const text = absent ? Text.EMPTY : this.#textColumns[lane]![of.row]!;
    const known = state.texts[at]!;
    const changed = text !== known && text.value !== known.value;
    state.texts[at] = text;
    const residual = changed && !absent ? 1 : 0;
    this.#residuals[of.slot * layout.stride + lane] = residual;
    return residual;
  }

  /** A plain chunk is only sent when something changed: when all others are as predicted, the last is not. */
  #writeKept(state: CellState, phase: Phase, to: { kept: number; plain: boolean; chunk: Chunk }): void {
    const bits = this.#bits;
    const changed = this.#changed;
    const { kept, chunk } = to;
    let implied = to.plain && kept <= GROUP;
    for (let slot = 0; slot < kept; slot++) {
      if (kept > GROUP && slot % GROUP === 0) {
        const end = Math.min(kept, slot + GROUP);
        let any = 0;
        for (let s = slot; s < end; s++) any |= changed[s]!;
        bits.write(any, 1);
        if (any === 0) {
          slot = end - 1;
          continue;
        }
      }
      if (!implied || slot < kept - 1) bits.write(changed[slot]!, 1);
      if (changed[slot] === 0) continue;
      implied = false;
      this.#writeChanges(state, slot, { phase, chunk });
    }
  }

  #writeChanges(state: CellState, slot: number, to: { phase: Phase; chunk: Chunk }): void {
    const { components, moving } = to.phase;
    const bits = this.#bits;
    let named = components.length;
    if (moving > 0 && moving < named) {
      let still = 0;
      for (let n = moving; n < components.length && still === 0; n++)
        still = this.#differs(slot, components[n]!);
      bits.write(still, 1);
      if (still === 0) named = moving;
    }
    for (let n = 0; n < named; n++) {
      const component = components[n]!;
      const differs = this.#differs(slot, component);
      if (named > 1) bits.write(differs, 1);
      if (differs === 1) this.#writeResiduals(state, slot, { component, chunk: to.chunk });
    }
  }

  #differs(slot: number, { first, end }: ChunkComponent): number {
    const at = slot * this.layout.stride;
    for (let i = first; i < end; i++) if (this.#residuals[at + i] !== 0) return 1;
    return 0;
  }

  #writeResiduals(state: CellState, slot: number, to: { component: ChunkComponent; chunk: Chunk }): void {
    const { layout } = this;
    const { kind, guard, plain, codes, min, bits: widths } = layout;
    const at = slot * layout.stride;
    for (let i = to.component.first; i < to.component.end; i++) {
      if (guard[i]! >= 0 && state.values[at + guard[i]!] === 0) continue;
      if (kind[i] === TEXT)
        this.#writeText(state.texts[slot * layout.textStride + layout.text[i]!]!, to.chunk);
      else if (plain[i] === 1) this.#bits.write(state.values[at + i]! - min[i]!, widths[i]!);
      else codes[i]!.write(this.#bits, this.#residuals[at + i]!);
    }
  }

  #writeIds(ids: Int32Array, count: number): void {
    writeGrouped(this.#bits, count, COUNT_BITS);
    let last = 0;
    for (let i = 0; i < count; i++) {
      writeGrouped(this.#bits, ids[i]! - last - 1, ID_BITS);
      last = ids[i]!;
    }
  }

  #load(state: CellState, slot: number, row: number): void {
    const { stride, kind, guard, initial, textStride, text } = this.layout;
    const at = slot * stride;
    for (let i = 0; i < stride; i++) {
      const absent = guard[i]! >= 0 && state.values[at + guard[i]!] === 0;
      if (kind[i] === TEXT) {
        state.texts[slot * textStride + text[i]!] = absent ? Text.EMPTY : this.#textColumns[i]![row]!;
        state.values[at + i] = 0;
      } else state.values[at + i] = absent ? initial[i]! : this.#columns[i]![row]!;
    }
  }

  #writeRecord(state: CellState, slot: number, chunk: Chunk): void {
    const { stride, kind, guard, min, bits: widths, textStride, text } = this.layout;
    const at = slot * stride;
    for (let i = 0; i < stride; i++) {
      if (guard[i]! >= 0 && state.values[at + guard[i]!] === 0) continue;
      if (kind[i] === TEXT) this.#writeText(state.texts[slot * textStride + text[i]!]!, chunk);
      else this.#bits.write(state.values[at + i]! - min[i]!, widths[i]!);
    }
  }

  #writeSteps(state: CellState, slot: number): void {
    const { stride, kind, guard, steps } = this.layout;
    const at = slot * stride;
    for (let i = 0; i < stride; i++) {
      if (kind[i] !== LINEAR && kind[i] !== ANGLE) continue;
      if (guard[i]! >= 0 && state.values[at + guard[i]!] === 0) continue;
      steps.write(this.#bits, state.steps[at + i]!);
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

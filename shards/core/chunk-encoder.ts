/**
 * Writes the chunks of cells; one encoder with its scratch space for all cells of a shard and an audience.
 * Called by CellStream only. The bits are those of docs/wire.md, "Chunks". [T2]
 *
 * A frame costs one pass over the entities of a cell, which compares them with what was predicted, and a
 * second one over those that differ. Nothing is allocated in either.
 */
import { BitWriter } from '../../src/base/bits.ts';
import type { CellState } from './cell-state.ts';
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
  writeReference,
} from './chunk-bits.ts';
import { type ChunkComponent, type ChunkLayout, ID, type Phase, WHOLE } from './chunk-layout.ts';
import { bitsFor } from './lane.ts';
import { LastFrame } from './last-frame.ts';
import { MemberDiff, sameMembers } from './member-diff.ts';
import { type Rows, StateDiff } from './state-diff.ts';
import type { Table } from './table.ts';
import type { Text } from './text.ts';
import type { TextPool } from './text-pool.ts';

export type { Rows } from './state-diff.ts';

/** How a step is to be said; kept by the stream and changed for each. */
export interface Step {
  frame: number;
  readonly level: number;
  /** The chunk carries a hash, and there is one in any case. */
  hashed: boolean;
  readonly chunk: Chunk;
}

export class ChunkEncoder {
  readonly layout: ChunkLayout;
  readonly texts: TextPool;
  readonly #bits = new BitWriter(1024);
  readonly #diff: StateDiff;
  readonly #members: MemberDiff;
  readonly #last: LastFrame;

  /** `lives` says whether an entity that left a cell is still in the world. */
  constructor(layout: ChunkLayout, deps: { texts: TextPool; lives(id: number): boolean }) {
    this.layout = layout;
    this.texts = deps.texts;
    this.#diff = new StateDiff(layout);
    this.#members = new MemberDiff(deps.lives);
    this.#last = new LastFrame(layout);
  }

  /**
   * Brings `state` to what `rows` of the table hold, and writes into the step's chunk what a holder of the old
   * state needs. False when that is nothing.
   */
  delta(state: CellState, rows: Rows, step: Step): boolean {
    const { chunk, hashed } = step;
    const phase = this.layout.phase(step.frame);
    this.#last.see(rows.table, step.frame);
    if (sameMembers(state, rows)) {
      const loud = this.#diff.compare(state, rows, phase);
      if (!loud && !hashed) return false;
      this.#begin(chunk);
      if (hashed) this.#bits.write(1 | (DELTA_HASH << 1), 3);
      else this.#bits.write(0, 1);
      this.#writeKept(state, phase, { plain: !hashed, chunk });
      this.#end(state, step);
      return loud;
    }
    const members = this.#members;
    members.match(state, rows);
    this.#begin(chunk);
    this.#bits.write(1 | ((hashed ? DELTA_BOTH : DELTA_MEMBERS) << 1), 3);
    this.#writeLeaves(state);
    state.remove(members.left, members.leftCount);
    this.#diff.compare(state, members.kept, phase);
    this.#writeKept(state, phase, { plain: false, chunk });
    this.#enter(state, rows.table, step);
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
      this.#writeMotion(state, slot);
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

  #writeLeaves(state: CellState): void {
    const { left, moved, leftCount } = this.#members;
    writeGrouped(this.#bits, leftCount, COUNT_BITS);
    const slotBits = bitsFor(state.count - 1);
    for (let i = 0; i < leftCount; i++) {
      this.#bits.write(left[i]!, slotBits);
      this.#bits.write(moved[i]!, 1);
    }
  }

  #enter(state: CellState, table: Table<unknown>, { level, chunk }: Step): void {
    const { cameIds, cameRows, cameSlots, cameCount } = this.#members;
    state.insert(cameIds, cameCount, cameSlots);
    writeGrouped(this.#bits, cameCount, COUNT_BITS);
    let last = 0;
    for (let i = 0; i < cameCount; i++) last = this.#writeId(cameIds[i]!, last);
    for (let i = 0; i < cameCount; i++) {
      this.#diff.load(state, cameSlots[i]!, { table, row: cameRows[i]! });
      this.#setPaces(state, cameSlots[i]!, { row: cameRows[i]!, level });
      this.#writeRecord(state, cameSlots[i]!, chunk);
      this.#writeMotion(state, cameSlots[i]!);
    }
  }

  #setPaces(state: CellState, slot: number, of: { row: number; level: number }): void {
    const { stride, size, motion, guard, every } = this.layout;
    const { data } = state;
    const at = slot * size;
    for (let i = 0; i < stride; i++) {
      if (motion[i] === 0 || (guard[i]! >= 0 && data[at + 1 + guard[i]!] === 0)) continue;
      data[at + motion[i]!] = this.#last.paceOf(of.row, i, Math.max(every[i]!, 2 ** of.level));
    }
  }

  /** A plain chunk is only sent when something changed: when all others are as predicted, the last is not. */
  #writeKept(state: CellState, phase: Phase, to: { plain: boolean; chunk: Chunk }): void {
    const bits = this.#bits;
    const { changed } = this.#diff;
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
    for (let i = first; i < end; i++) if (this.#diff.residuals[at + i] !== 0) return true;
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
      if (kind[i]! >= WHOLE) this.#writeWhole(state, slot, { lane: i, chunk: to.chunk });
      else if (plain[i] === 1) this.#bits.write(data[at + i]! - min[i]!, widths[i]!);
      else codes[i]!.write(this.#bits, this.#diff.residuals[residuals + i]!);
    }
  }

  #writeId(id: number, last: number): number {
    writeGrouped(this.#bits, id - last - 1, ID_BITS);
    return id;
  }

  #writeRecord(state: CellState, slot: number, chunk: Chunk): void {
    const { stride, size, kind, guard, min, bits: widths } = this.layout;
    const { data } = state;
    const at = slot * size + 1;
    for (let i = 0; i < stride; i++) {
      if (guard[i]! >= 0 && data[at + guard[i]!] === 0) continue;
      if (kind[i]! >= WHOLE) this.#writeWhole(state, slot, { lane: i, chunk });
      else this.#bits.write(data[at + i]! - min[i]!, widths[i]!);
    }
  }

  /** Paces, then whether any of them changes, and if so swings and bends. */
  #writeMotion(state: CellState, slot: number): void {
    const { stride, size, motion, guard, paces } = this.layout;
    const { data } = state;
    const at = slot * size;
    let bent = 0;
    for (let i = 0; i < stride; i++) {
      if (motion[i] === 0 || (guard[i]! >= 0 && data[at + 1 + guard[i]!] === 0)) continue;
      paces.write(this.#bits, data[at + motion[i]!]!);
      bent |= data[at + motion[i]! + 1]! | data[at + motion[i]! + 2]!;
    }
    this.#bits.write(bent === 0 ? 0 : 1, 1);
    for (let i = 0; i < stride && bent !== 0; i++) {
      if (motion[i] === 0 || (guard[i]! >= 0 && data[at + 1 + guard[i]!] === 0)) continue;
      paces.write(this.#bits, data[at + motion[i]! + 1]!);
      paces.write(this.#bits, data[at + motion[i]! + 2]!);
    }
  }

  #writeWhole(state: CellState, slot: number, of: { lane: number; chunk: Chunk }): void {
    if (this.layout.kind[of.lane] === ID)
      writeReference(this.#bits, state.valueAt(slot, of.lane), state.idAt(slot));
    else this.#writeText(state.textAt(slot, of.lane), of.chunk);
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

/**
 * Reads the chunks of cells into their states: the other side of ChunkEncoder, with its scratch space for all
 * cells of a client. Whatever the bytes are, every value ends up in its range and no more is allocated than
 * the definition's limit of entities allows; all else is a Fault `bad_message`. [T2] [N1]
 */
import type { BitReader } from '../../src/base/bits.ts';
import { Fault } from '../../src/base/fault.ts';
import type { CellState } from './cell-state.ts';
import { ChartChange } from './chart-change.ts';
import {
  COUNT_BITS,
  DELTA_HASH,
  DELTA_MEMBERS,
  GROUP,
  ID_BITS,
  KEY_CHUNK,
  readGrouped,
  readReference,
} from './chunk-bits.ts';
import { CHART, type ChunkComponent, type ChunkLayout, ID, type Phase, TEXT, WHOLE } from './chunk-layout.ts';
import { bitsFor } from './lane.ts';
import { Text } from './text.ts';
import type { TextBook } from './text-book.ts';

const MAX_ID = 2 ** 31 - 1;

/** Where a chunk stands. */
export interface ChunkPlace {
  /** Whose step it is. */
  readonly frame: number;
  /** Nothing is held of this cell yet. */
  readonly fresh: boolean;
  /** Told of each entity that leaves the cell but is still in the world, before its slot is gone. */
  readonly moved?: ((slot: number) => void) | undefined;
}

export class ChunkDecoder {
  /** By lane, the first of its component for what changed: bits read so far. */
  readonly spentBits: Float64Array;
  readonly #layout: ChunkLayout;
  readonly #texts: TextBook;
  readonly #maxEntities: number;
  readonly #charts: ChartChange;
  #slots = new Int32Array(16);
  #ids = new Int32Array(16);
  /** By component of the entity that is being read: whether it was sent. */
  readonly #changed: Uint8Array;
  /** By lane of the component that is being read: whether a number sent plainly is another than before. */
  readonly #flipped: Uint8Array;

  constructor(layout: ChunkLayout, texts: TextBook, maxEntities: number) {
    this.#layout = layout;
    this.#texts = texts;
    this.#maxEntities = maxEntities;
    this.#charts = new ChartChange(layout);
    this.#changed = new Uint8Array(layout.components.length);
    this.#flipped = new Uint8Array(layout.stride);
    this.spentBits = new Float64Array(layout.stride);
  }

  /**
   * Reads one chunk. `state` stands one step before its frame; a fresh one can only be begun
   * by a key chunk.
   * False when the state has another hash than the server's.
   */
  read(bits: BitReader, state: CellState, of: ChunkPlace): boolean {
    if (!bits.bool()) {
      if (of.fresh) throw new Fault('bad_message', 'a delta chunk of an unknown cell');
      this.#kept(bits, state, { phase: this.#layout.phase(of.frame), plain: true });
      return true;
    }
    const begin = bits.read(2);
    if (begin === KEY_CHUNK) {
      this.#key(bits, state);
      return true;
    }
    if (of.fresh) throw new Fault('bad_message', 'a delta chunk of an unknown cell');
    if (begin !== DELTA_HASH) this.#leaves(bits, state, of.moved);
    this.#kept(bits, state, { phase: this.#layout.phase(of.frame), plain: false });
    if (begin !== DELTA_HASH) this.#enters(bits, state);
    return begin === DELTA_MEMBERS || bits.read(16) === state.hash();
  }

  #key(bits: BitReader, state: CellState): void {
    state.clear();
    const count = this.#readIds(bits, this.#maxEntities);
    state.insert(this.#ids, count, this.#slots);
    for (let slot = 0; slot < count; slot++) {
      this.#record(bits, state, slot);
      this.#motion(bits, state, slot);
    }
  }

  #leaves(bits: BitReader, state: CellState, moved: ChunkPlace['moved']): void {
    const count = this.#count(bits, state.count);
    const width = bitsFor(state.count - 1);
    let before = -1;
    for (let i = 0; i < count; i++) {
      const slot = bits.read(width);
      if (slot <= before || slot >= state.count) throw new Fault('bad_message', 'no such slot in a cell');
      if (bits.bool()) moved?.(slot);
      this.#slots[i] = slot;
      before = slot;
    }
    state.remove(this.#slots, count);
  }

  #kept(bits: BitReader, state: CellState, of: { phase: Phase; plain: boolean }): void {
    const { count } = state;
    const { phase } = of;
    let implied = of.plain && count <= GROUP;
    for (let slot = 0; slot < count; slot++) {
      if (count > GROUP && slot % GROUP === 0 && !bits.bool()) {
        const end = Math.min(count, slot + GROUP);
        for (; slot < end; slot++) this.#advance(state, slot, phase);
        slot--;
      } else if ((implied && slot === count - 1) || bits.bool()) {
        implied = false;
        this.#changes(bits, state, { slot, phase });
      } else this.#advance(state, slot, phase);
    }
  }

  #enters(bits: BitReader, state: CellState): void {
    const count = this.#readIds(bits, this.#maxEntities - state.count);
    for (let i = 0; i < count; i++) {
      if (state.find(this.#ids[i]!) !== -1) throw new Fault('bad_message', 'an entity is in a cell twice');
    }
    state.insert(this.#ids, count, this.#slots);
    for (let i = 0; i < count; i++) {
      this.#record(bits, state, this.#slots[i]!);
      this.#motion(bits, state, this.#slots[i]!);
    }
  }

  #readIds(bits: BitReader, most: number): number {
    const count = this.#count(bits, most);
    let last = 0;
    for (let i = 0; i < count; i++) {
      last += readGrouped(bits, ID_BITS) + 1;
      if (last > MAX_ID) throw new Fault('bad_message', 'an id is out of range');
      this.#ids[i] = last;
    }
    return count;
  }

  /** A count of things that take some bits each, so no more is allocated than was sent. */
  #count(bits: BitReader, most: number): number {
    const count = readGrouped(bits, COUNT_BITS);
    if (count > most || count > bits.left) throw new Fault('bad_message', 'too many entities in a cell');
    if (count > this.#slots.length) {
      this.#slots = new Int32Array(count * 2);
      this.#ids = new Int32Array(count * 2);
    }
    return count;
  }

  #advance(state: CellState, slot: number, { components, moving }: Phase): void {
    for (let n = 0; n < moving; n++) this.#pass(state, slot, components[n]!);
  }

  /** A bit for each component that moves, and when all are 0, a bit for each component that there is. */
  #changes(bits: BitReader, state: CellState, of: { slot: number; phase: Phase }): void {
    const { components, moving } = of.phase;
    const { slot } = of;
    let any = false;
    this.#changed.fill(0);
    if (components.length === 1) any = this.#component(bits, state, { slot, n: 0, components });
    for (let n = 0; n < moving && components.length > 1; n++) {
      if (bits.bool()) any = this.#component(bits, state, { slot, n, components });
    }
    for (let n = 0; n < components.length && !any; n++) {
      if (bits.bool()) this.#component(bits, state, { slot, n, components });
    }
    for (let n = 0; n < moving; n++) if (this.#changed[n] === 0) this.#pass(state, slot, components[n]!);
  }

  /** A component that is as predicted. Absent lanes have no pace, so they stay. */
  #pass(state: CellState, slot: number, { first, end }: ChunkComponent): void {
    const { motion } = this.#layout;
    for (let lane = first; lane < end; lane++) {
      if (motion[lane]! > 0) state.move(slot, lane, 0);
    }
  }

  #component(
    bits: BitReader,
    state: CellState,
    of: { slot: number; n: number; components: readonly ChunkComponent[] },
  ): true {
    const { size, kind, guard, plain, codes } = this.#layout;
    const { slot } = of;
    const component = of.components[of.n]!;
    this.#changed[of.n] = 1;
    const left = bits.left;
    const { data } = state;
    const at = slot * size + 1;
    for (let i = component.first; i < component.end; i++) {
      const by = guard[i]!;
      const absent = by >= 0 && data[at + by] === 0;
      if (absent) this.#absent(state, slot, i);
      else if (kind[i]! >= WHOLE) this.#whole(bits, state, { slot, lane: i });
      else if (plain[i] === 1) {
        const value = this.#number(bits, i);
        this.#flipped[i] = value === data[at + i] ? 0 : 1;
        data[at + i] = value;
      } else {
        const residual = codes[i]!.read(bits);
        if (kind[i] === CHART && residual !== 0) {
          this.#charts.change(data, at + i, { lane: i, chart: data[at + i]! + residual });
        }
        state.move(slot, i, residual);
        // What has just come begins anew: it has no pace.
        if (by >= 0 && this.#flipped[by] === 1) state.rest(slot, i);
      }
    }
    this.spentBits[component.first]! += left - bits.left;
    return true;
  }

  #absent(state: CellState, slot: number, lane: number): void {
    const { size, kind, initial, textStride, text } = this.#layout;
    state.data[slot * size + 1 + lane] = initial[lane]!;
    state.rest(slot, lane);
    if (kind[lane] === TEXT) state.texts[slot * textStride + text[lane]!] = Text.EMPTY;
  }

  /** A whole entity. */
  #record(bits: BitReader, state: CellState, slot: number): void {
    const { stride, size, kind, guard } = this.#layout;
    const { data } = state;
    const at = slot * size + 1;
    for (let i = 0; i < stride; i++) {
      const left = bits.left;
      if (guard[i]! >= 0 && data[at + guard[i]!] === 0) this.#absent(state, slot, i);
      else if (kind[i]! >= WHOLE) this.#whole(bits, state, { slot, lane: i });
      else data[at + i] = this.#number(bits, i);
      this.spentBits[i]! += left - bits.left;
    }
  }

  #motion(bits: BitReader, state: CellState, slot: number): void {
    const { stride, size, motion, guard, paces } = this.#layout;
    const { data } = state;
    const at = slot * size;
    for (let i = 0; i < stride; i++) {
      if (motion[i] === 0 || (guard[i]! >= 0 && data[at + 1 + guard[i]!] === 0)) continue;
      data[at + motion[i]!] = paces.read(bits);
    }
    const bent = bits.bool();
    for (let i = 0; i < stride && bent; i++) {
      if (motion[i] === 0 || (guard[i]! >= 0 && data[at + 1 + guard[i]!] === 0)) continue;
      data[at + motion[i]! + 1] = paces.read(bits);
      data[at + motion[i]! + 2] = paces.read(bits);
    }
  }

  #number(bits: BitReader, lane: number): number {
    const value = bits.read(this.#layout.bits[lane]!) + this.#layout.min[lane]!;
    if (value > this.#layout.max[lane]!) throw new Fault('bad_message', 'a value is out of range');
    return value;
  }

  #whole(bits: BitReader, state: CellState, { slot, lane }: { slot: number; lane: number }): void {
    const { size, kind, textStride, text } = this.#layout;
    if (kind[lane] === ID) state.data[slot * size + 1 + lane] = readReference(bits, state.idAt(slot));
    else state.texts[slot * textStride + text[lane]!] = this.#text(bits, lane);
  }

  #text(bits: BitReader, lane: number): Text {
    if (!bits.bool()) return Text.EMPTY;
    const text = this.#texts.at(bits.read(this.#layout.placeBits));
    const { textBytes, content } = this.#layout.lanes[lane]!;
    if (text.bytes.length > textBytes) throw new Fault('bad_message', 'a text is too long');
    if (content === 'json') text.check();
    return text;
  }
}

/**
 * What the entities of one cell were in its last frame, and how they moved to be so: what the next delta chunk
 * builds on. The server's streams and the client's cells hold the same state and advance it with the same
 * code. Slots are in order of the entities' ids. [T2]
 */
import { Fault } from '../../src/base/fault.ts';
import { ANGLE, type ChunkLayout, LINEAR } from './chunk-layout.ts';
import type { Text } from './text.ts';

export class CellState {
  readonly layout: ChunkLayout;
  count = 0;
  /**
   * A block of `layout.size` numbers for each slot: the id, then the quanta of each lane, then by how much each
   * lane changed in its last step (0 for what does not move). Absent lanes hold their initial values. All in one
   * array, because a world has many cells of few entities.
   */
  data: Int32Array;
  readonly texts: Text[] = [];

  constructor(layout: ChunkLayout, capacity = 2) {
    this.layout = layout;
    this.data = new Int32Array(capacity * layout.size);
  }

  idAt(slot: number): number {
    return this.data[slot * this.layout.size]!;
  }

  valueAt(slot: number, lane: number): number {
    return this.data[slot * this.layout.size + 1 + lane]!;
  }

  textAt(slot: number, lane: number): Text {
    return this.texts[slot * this.layout.textStride + this.layout.text[lane]!]!;
  }

  reserve(count: number): void {
    const length = count * this.layout.size;
    if (length <= this.data.length) return;
    const bigger = new Int32Array(Math.max(length, this.data.length * 2));
    bigger.set(this.data);
    this.data = bigger;
  }

  clear(): void {
    this.count = 0;
    this.texts.length = 0;
  }

  /** Takes out slots, given in ascending order. */
  remove(slots: Int32Array, count: number): void {
    if (count === 0) return;
    let to = slots[0]!;
    let next = 0;
    for (let from = to; from < this.count; from++) {
      if (next < count && slots[next] === from) next++;
      else this.#move(from, to++);
    }
    this.count = to;
    this.texts.length = to * this.layout.textStride;
  }

  /**
   * Makes slots for entities, given in ascending order of ids, none of them here; writes the slots into
   * `slots`. What they hold must be written next; they have made no step yet.
   */
  insert(ids: Int32Array, count: number, slots: Int32Array): void {
    this.reserve(this.count + count);
    const { data, layout } = this;
    let from = this.count - 1;
    let to = this.count + count - 1;
    this.count = to + 1;
    for (let i = count - 1; i >= 0; to--) {
      if (from >= 0 && data[from * layout.size]! > ids[i]!) this.#move(from--, to);
      else {
        data.fill(0, to * layout.size, (to + 1) * layout.size);
        data[to * layout.size] = ids[i]!;
        slots[i--] = to;
      }
    }
  }

  /** The slot of an entity, or -1. */
  find(id: number): number {
    let low = 0;
    let high = this.count - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const found = this.idAt(middle);
      if (found === id) return middle;
      if (found < id) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  /**
   * The next value of a lane: what is predicted, and `residual` more. Throws Fault `bad_message` when that is
   * out of range.
   */
  step(slot: number, lane: number, residual: number): void {
    const { layout, data } = this;
    const at = slot * layout.size + 1 + lane;
    const stepAt = at + layout.stride;
    const before = data[at]!;
    if (layout.kind[lane] === ANGLE) {
      const after = predict(layout, lane, before + data[stepAt]! + residual);
      data[at] = after;
      data[stepAt] = turned(layout, lane, after - before);
      return;
    }
    const moves = layout.kind[lane] === LINEAR;
    const expected = moves ? predict(layout, lane, before + data[stepAt]!) : before;
    const after = (expected + residual) | 0;
    if (after < layout.min[lane]! || after > layout.max[lane]!) {
      throw new Fault('bad_message', 'a value is out of range');
    }
    data[at] = after;
    if (moves) data[stepAt] = after - before;
  }

  /** Advances to frame `to` as predicted, which is what happened when nothing was sent. */
  coast(from: number, to: number, level: number): void {
    const { layout, count, data } = this;
    const { stride, kind, every, size } = layout;
    for (let i = 0; i < stride; i++) {
      if (kind[i] !== LINEAR && kind[i] !== ANGLE) continue;
      const period = Math.max(every[i]!, 1 << level);
      const times = Math.floor(to / period) - Math.floor(from / period);
      if (times === 0) continue;
      for (let slot = 0; slot < count; slot++) {
        const at = slot * size + 1 + i;
        const step = data[at + stride]!;
        if (step === 0) continue;
        const value = data[at]!;
        const before = times === 1 ? value : predict(layout, i, value + step * (times - 1));
        const after = predict(layout, i, value + step * times);
        data[at] = after;
        data[at + stride] = kind[i] === ANGLE ? step : after - before;
      }
    }
  }

  /** 16 bits over everything that the next chunk builds on. */
  hash(): number {
    const { count, data, layout, texts } = this;
    let h = count;
    for (let at = 0; at < count * layout.size; at++) h = mix(h, data[at]!);
    for (let at = 0; at < count * layout.textStride; at++) {
      const { bytes } = texts[at]!;
      h = mix(h, bytes.length);
      for (let i = 0; i < bytes.length; i++) h = mix(h, bytes[i]!);
    }
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    return (h ^ (h >>> 13)) & 0xffff;
  }

  #move(from: number, to: number): void {
    if (from === to) return;
    const { size, textStride } = this.layout;
    const { data, texts } = this;
    for (let i = 0; i < size; i++) data[to * size + i] = data[from * size + i]!;
    for (let i = 0; i < textStride; i++) texts[to * textStride + i] = texts[from * textStride + i]!;
  }
}

/** Where a lane that moves is expected, `value` being where it would be without bounds. */
export function predict(layout: ChunkLayout, lane: number, value: number): number {
  const min = layout.min[lane]!;
  const max = layout.max[lane]!;
  if (layout.kind[lane] === ANGLE) {
    const turn = max - min + 1;
    const over = (value - min) % turn;
    return over < 0 ? over + turn + min : over + min;
  }
  return value < min ? min : value > max ? max : value;
}

/** The shorter way round from one angle to another, both of the lane. */
export function turned(layout: ChunkLayout, lane: number, way: number): number {
  const turn = layout.max[lane]! - layout.min[lane]! + 1;
  if (way >= turn / 2) return way - turn;
  return way < -turn / 2 ? way + turn : way;
}

function mix(hash: number, value: number): number {
  const h = Math.imul(hash ^ Math.imul(value, 0xcc9e2d51), 0x1b873593);
  return ((h << 13) | (h >>> 19)) + 0x3ab5;
}

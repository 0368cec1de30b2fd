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
  ids: Int32Array;
  /** Quanta: lane `i` of slot `s` is at `s * layout.stride + i`. Absent lanes hold their initial values. */
  values: Int32Array;
  /** By how much a lane changed in its last step; 0 for what does not move. */
  steps: Int32Array;
  readonly texts: Text[] = [];

  constructor(layout: ChunkLayout, capacity = 4) {
    this.layout = layout;
    this.ids = new Int32Array(capacity);
    this.values = new Int32Array(capacity * layout.stride);
    this.steps = new Int32Array(capacity * layout.stride);
  }

  reserve(count: number): void {
    if (count <= this.ids.length) return;
    const capacity = Math.max(count, this.ids.length * 2);
    this.ids = grown(this.ids, capacity);
    this.values = grown(this.values, capacity * this.layout.stride);
    this.steps = grown(this.steps, capacity * this.layout.stride);
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
    let from = this.count - 1;
    let to = this.count + count - 1;
    this.count = to + 1;
    for (let i = count - 1; i >= 0; to--) {
      if (from >= 0 && this.ids[from]! > ids[i]!) this.#move(from--, to);
      else {
        this.ids[to] = ids[i]!;
        this.steps.fill(0, to * this.layout.stride, (to + 1) * this.layout.stride);
        slots[i--] = to;
      }
    }
  }

  /** The slot of an entity, or -1. */
  find(id: number): number {
    const { ids } = this;
    let low = 0;
    let high = this.count - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const found = ids[middle]!;
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
    const { layout, values, steps } = this;
    const at = slot * layout.stride + lane;
    const before = values[at]!;
    if (layout.kind[lane] === ANGLE) {
      const after = predict(layout, lane, before + steps[at]! + residual);
      values[at] = after;
      steps[at] = turned(layout, lane, after - before);
      return;
    }
    const moves = layout.kind[lane] === LINEAR;
    const expected = moves ? predict(layout, lane, before + steps[at]!) : before;
    const after = (expected + residual) | 0;
    if (after < layout.min[lane]! || after > layout.max[lane]!) {
      throw new Fault('bad_message', 'a value is out of range');
    }
    values[at] = after;
    if (moves) steps[at] = after - before;
  }

  /** Advances to frame `to` as predicted, which is what happened when nothing was sent. */
  coast(from: number, to: number, level: number): void {
    const { layout, count, values, steps } = this;
    const { stride, kind, every } = layout;
    for (let i = 0; i < stride; i++) {
      if (kind[i] !== LINEAR && kind[i] !== ANGLE) continue;
      const period = Math.max(every[i]!, 1 << level);
      const times = Math.floor(to / period) - Math.floor(from / period);
      if (times === 0) continue;
      for (let at = i; at < count * stride; at += stride) {
        const step = steps[at]!;
        if (step === 0) continue;
        const value = values[at]!;
        const before = times === 1 ? value : predict(layout, i, value + step * (times - 1));
        const after = predict(layout, i, value + step * times);
        values[at] = after;
        steps[at] = kind[i] === ANGLE ? step : after - before;
      }
    }
  }

  /** 16 bits over everything that the next chunk builds on. */
  hash(): number {
    const { count, ids, values, steps, layout, texts } = this;
    let h = count;
    for (let slot = 0; slot < count; slot++) h = mix(h, ids[slot]!);
    for (let at = 0; at < count * layout.stride; at++) h = mix(mix(h, values[at]!), steps[at]!);
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
    const { stride, textStride } = this.layout;
    const { ids, values, steps, texts } = this;
    ids[to] = ids[from]!;
    for (let i = 0; i < stride; i++) {
      values[to * stride + i] = values[from * stride + i]!;
      steps[to * stride + i] = steps[from * stride + i]!;
    }
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

function grown(old: Int32Array, length: number): Int32Array {
  const bigger = new Int32Array(length);
  bigger.set(old);
  return bigger;
}

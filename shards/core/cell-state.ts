/**
 * What the entities of one cell were in its last step, and how they moved to be so: what the next delta chunk
 * builds on. The server's streams and the client's cells hold the same state and advance it with the same
 * code. Slots are in order of the entities' ids. [T2]
 *
 * A lane that moves is expected at `value + pace + bend`: pace is by how much it changed in the last step; swing by
 * how much the pace changed; bend what the last two swings agree on (the smaller one when both have the same sign,
 * else 0). So straight lines, curves and falls are all foreseen, and a jolt is not taken for the beginning of one.
 */
import { Fault } from '../../src/base/fault.ts';
import { ANGLE, type ChunkLayout } from './chunk-layout.ts';
import type { Text } from './text.ts';

export class CellState {
  readonly layout: ChunkLayout;
  count = 0;
  /**
   * A block of `layout.size` numbers for each slot: the id, the quanta of each lane, and pace, swing and bend of those
   * that move. Absent lanes hold their initial values. All in one array, because a world has many cells of few
   * entities.
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
      else this.copySlot(this, from, to++);
    }
    this.count = to;
    this.texts.length = to * this.layout.textStride;
  }

  /**
   * Makes slots for entities, given in ascending order of ids, none of them here; writes the slots into
   * `slots`. What they hold must be written next; they have no pace yet.
   */
  insert(ids: Int32Array, count: number, slots: Int32Array): void {
    this.reserve(this.count + count);
    const { data, layout } = this;
    let from = this.count - 1;
    let to = this.count + count - 1;
    this.count = to + 1;
    for (let i = count - 1; i >= 0; to--) {
      if (from >= 0 && data[from * layout.size]! > ids[i]!) this.copySlot(this, from--, to);
      else {
        data.fill(0, to * layout.size, (to + 1) * layout.size);
        data[to * layout.size] = ids[i]!;
        slots[i--] = to;
      }
    }
  }

  /** Takes over what a slot of another state of the same layout holds. */
  copySlot(from: CellState, slot: number, to: number): void {
    const { size, textStride } = this.layout;
    for (let i = 0; i < size; i++) this.data[to * size + i] = from.data[slot * size + i]!;
    for (let i = 0; i < textStride; i++) {
      this.texts[to * textStride + i] = from.texts[slot * textStride + i]!;
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
   * The next value of a lane: what is expected, and `residual` more. Throws Fault `bad_message` when that is out of
   * range.
   */
  move(slot: number, lane: number, residual: number): void {
    const { layout, data } = this;
    const at = slot * layout.size;
    const before = data[at + 1 + lane]!;
    const motion = layout.motion[lane]!;
    if (motion === 0) {
      data[at + 1 + lane] = inRange(layout, lane, (before + residual) | 0);
      return;
    }
    const angle = layout.kind[lane] === ANGLE;
    const way = data[at + motion]! + data[at + motion + 2]!;
    const value = angle
      ? predict(layout, lane, before + way + residual)
      : inRange(layout, lane, (predict(layout, lane, before + way) + residual) | 0);
    const pace = angle ? turned(layout, lane, value - before) : (value - before) | 0;
    const change = pace - data[at + motion]!;
    const swing = angle ? turned(layout, lane, change) : change | 0;
    data[at + 1 + lane] = value;
    data[at + motion + 2] = bendOf(swing, data[at + motion + 1]!);
    data[at + motion + 1] = swing;
    data[at + motion] = pace;
  }

  /** A lane that has just come, or is absent, begins anew. */
  rest(slot: number, lane: number): void {
    const { layout, data } = this;
    const motion = layout.motion[lane]!;
    if (motion > 0) data.fill(0, slot * layout.size + motion, slot * layout.size + motion + 3);
  }

  /** Advances to frame `to` as predicted, which is what happened when nothing was sent. */
  coast(from: number, to: number, level: number): void {
    const { layout, count, data } = this;
    for (let lane = 0; lane < layout.stride; lane++) {
      const motion = layout.motion[lane]!;
      if (motion === 0) continue;
      const period = Math.max(layout.every[lane]!, 1 << level);
      const times = Math.floor(to / period) - Math.floor(from / period);
      for (let slot = 0; slot < count; slot++) {
        const at = slot * layout.size + motion;
        for (let n = 0; n < times; n++) {
          if (data[at] === 0 && data[at + 1] === 0 && data[at + 2] === 0) break;
          this.move(slot, lane, 0);
        }
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
}

/** What two swings agree on, the newer one first. */
export function bendOf(swing: number, before: number): number {
  if (swing > 0 && before > 0) return swing < before ? swing : before;
  if (swing < 0 && before < 0) return swing > before ? swing : before;
  return 0;
}

function inRange(layout: ChunkLayout, lane: number, value: number): number {
  if (value < layout.min[lane]! || value > layout.max[lane]!) {
    throw new Fault('bad_message', 'a value is out of range');
  }
  return value;
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

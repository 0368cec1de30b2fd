/**
 * The entities as they are drawn: between two snapshots, column by column. The objects are kept for as long
 * as their entities are there, so a drawing loop allocates nothing.
 */
import type { Components } from '../core/component.ts';
import type { Lane } from '../core/lane.ts';
import type { RecordType, Row } from '../core/record-type.ts';
import type { Snapshot } from '../core/snapshot.ts';
import type { Table } from '../core/table.ts';
import { RotationBlend } from './rotation-blend.ts';

export class EntityViews<C extends Components> {
  /** Fractions of quanta. */
  readonly table: Table<Row<C>>;
  readonly #rows = new Map<number, number>();
  readonly #free: number[] = [];
  #list: Row<C>[] = [];
  /** For each entity of `from`: its row here, and its row in `to` or -1. */
  #own = new Int32Array(16);
  #next = new Int32Array(16);
  readonly #rotation = new RotationBlend();
  #fromTick = -1;
  #toTick = -1;

  constructor(type: RecordType<C>) {
    this.table = type.table(16, 'fractional');
  }

  /** In order of ids. A new list when entities have come or gone, else the same one. */
  get list(): readonly Row<C>[] {
    return this.#list;
  }

  /** The row of an entity, or -1. */
  rowOf(id: number): number {
    return this.#rows.get(id) ?? -1;
  }

  /** Shows what lies `share` (0 to 1) of the way between two snapshots; who is in `from` is shown. */
  show(from: Snapshot<C>, to: Snapshot<C>, share: number): void {
    if (from.tick !== this.#fromTick) this.#match(from);
    if (from.tick !== this.#fromTick || to.tick !== this.#toTick) this.#pair(from, to);
    const { lanes } = this.table;
    for (let i = 0; i < lanes.length; i++) {
      const { textBytes, blend } = lanes[i]!;
      if (textBytes > 0) this.#showTexts(i, from);
      else if (blend === 'chart') this.#showRotations(i, { from, to, share });
      else if (blend !== 'axis') this.#showNumbers(i, { from, to, share });
    }
  }

  #showTexts(lane: number, from: Snapshot<C>): void {
    const out = this.table.columns[lane]!.texts;
    const { texts } = from.table.columns[lane]!;
    for (let row = 0; row < from.count; row++) out[this.#own[row]!] = texts[row]!;
  }

  #showNumbers(index: number, between: { from: Snapshot<C>; to: Snapshot<C>; share: number }): void {
    const { from, to, share } = between;
    const lane = this.table.lanes[index]!;
    const out = this.table.columns[index]!.values;
    const a = from.table.columns[index]!.values;
    const b = to.table.columns[index]!.values;
    for (let row = 0; row < from.count; row++) {
      const next = this.#nextOf(row, lane, to);
      out[this.#own[row]!] = next === -1 ? a[row]! : blend(lane, a[row]!, b[next]!, share);
    }
  }

  #showRotations(lane: number, between: { from: Snapshot<C>; to: Snapshot<C>; share: number }): void {
    const { from, to, share } = between;
    const rotation = this.#rotation;
    for (let row = 0; row < from.count; row++) {
      const next = this.#nextOf(row, this.table.lanes[lane]!, to);
      rotation.from(from.table, lane, row);
      if (next !== -1) rotation.to(to.table, lane, next).turn(share);
      rotation.write(this.table, lane, this.#own[row]!);
    }
  }

  /** Where a row of `from` stands in `to`; -1 for what is about to vanish, which stays as it is until then. */
  #nextOf(row: number, { guard }: Lane, to: Snapshot<C>): number {
    const next = this.#next[row]!;
    return next !== -1 && guard !== -1 && to.table.columns[guard]!.values[next] === 0 ? -1 : next;
  }

  /** Brings list and rows in line with the entities of `from`. */
  #match(from: Snapshot<C>): void {
    const { ids } = from.table;
    let same = this.#list.length === from.count;
    for (let i = 0; i < from.count && same; i++) same = this.#list[i]!.id === ids[i];
    if (same) return;
    for (const [id, row] of this.#rows) {
      if (from.find(id) !== -1) continue;
      this.#rows.delete(id);
      this.#free.push(row);
      this.table.ids[row] = 0;
    }
    const list: Row<C>[] = [];
    for (let i = 0; i < from.count; i++) list.push(this.table.at(this.#take(ids[i]!)));
    this.#list = list;
  }

  #take(id: number): number {
    const known = this.#rows.get(id);
    if (known !== undefined) return known;
    const row = this.#free.pop() ?? this.#rows.size;
    this.table.reserve(row + 1);
    this.table.ids[row] = id;
    this.#rows.set(id, row);
    return row;
  }

  #pair(from: Snapshot<C>, to: Snapshot<C>): void {
    if (this.#own.length < from.count) {
      this.#own = new Int32Array(from.count * 2);
      this.#next = new Int32Array(from.count * 2);
    }
    const { ids } = from.table;
    for (let row = 0; row < from.count; row++) {
      this.#own[row] = this.#rows.get(ids[row]!)!;
      this.#next[row] = to.find(ids[row]!);
    }
    this.#fromTick = from.tick;
    this.#toTick = to.tick;
  }
}

/** A value `share` of the way from `a` to `b`; an angle goes the shorter way round, a choice jumps at the end. */
export function blend(lane: Lane, a: number, b: number, share: number): number {
  if (lane.blend === 'linear') return a + (b - a) * share;
  if (lane.blend === 'angle') return a + turnBetween(lane, a, b) * share;
  return share < 1 ? a : b;
}

/** The shorter way from angle `a` to `b`, in quanta, with its sign. */
export function turnBetween(lane: Lane, a: number, b: number): number {
  const turn = lane.max - lane.min + 1;
  const way = (((b - a) % turn) + turn) % turn;
  return way > turn / 2 ? way - turn : way;
}

/**
 * A moment of the past, between two remembered frames: where every entity was that could be seen then. Filled again
 * for each other moment that is asked for; made by shard.ts, read by rewound.ts.
 * Who is in the earlier frame is there, drawn towards the later one; who is only in the later one was not seen yet.
 */
import type { Components, Vec3 } from '../core/component.ts';
import type { Row } from '../core/record-type.ts';
import { fromQuanta } from '../core/scale.ts';
import type { Table } from '../core/table.ts';
import type { History, PastFrame } from './history.ts';

export class Moment {
  readonly history: History;
  /** Those with a position: `count` of them, in order of their rows. */
  count = 0;
  ids = new Int32Array(0);
  rows = new Int32Array(0);
  x = new Float64Array(0);
  y = new Float64Array(0);
  z = new Float64Array(0);
  /** All components of those that were asked for, by row. */
  readonly #table: Table<Row<Components>>;
  #from: PastFrame | undefined;
  #to: PastFrame | undefined;
  #share = 0;
  #recorded = -1;
  #tick = Number.NaN;

  constructor(history: History) {
    this.history = history;
    this.#table = history.plan.type.table(0, 'fractional');
  }

  /** Goes to a moment that is remembered. Going where it is costs nothing. */
  go(tick: number): void {
    const { newest } = this.history;
    if (tick === this.#tick && newest === this.#recorded) return;
    const from = this.history.before(tick);
    const to = this.history.after(from);
    this.#from = from;
    this.#to = to;
    this.#share = to === from ? 0 : (tick - from.tick) / (to.tick - from.tick);
    this.#tick = tick;
    this.#recorded = newest;
    this.#place(from, to);
  }

  /** The row of who was there, or -1; also of one who has been despawned since. */
  rowOf(id: number): number {
    const { ids, rows } = this.#from!;
    const row = this.history.world.rowOf(id);
    if (row !== -1 && row < rows && ids[row] === id) return row;
    if (row !== -1 || id <= 0) return -1;
    for (let i = 0; i < rows; i++) if (ids[i] === id) return i;
    return -1;
  }

  /** The entity in a row; the object is filled anew when another moment asks for it. */
  entity(row: number): Row<Components> {
    const { lanes } = this.history.plan.type;
    const table = this.#table;
    const from = this.#from!;
    const to = this.#to!;
    const stands = this.#stands(row);
    table.reserve(row + 1);
    table.ids[row] = from.ids[row]!;
    for (let i = 0; i < lanes.length; i++) {
      const { blend, min, max, guard } = lanes[i]!;
      const a = from.lanes[i]![row]!;
      let value = a;
      const held = blend === 'snap' || stands || (guard >= 0 && to.lanes[guard]![row] === 0);
      if (!held) {
        const way = to.lanes[i]![row]! - a;
        value = a + (blend === 'angle' ? shorter(way, max - min + 1) : way) * this.#share;
      }
      table.columns[i]!.values[row] = value;
    }
    return table.at(row);
  }

  /** Undefined for one without a position. */
  position(row: number): Vec3 | undefined {
    const { place, axes, scale, guard } = this.history.plan;
    if (guard >= 0 && this.#from!.lanes[guard]![row] === 0) return undefined;
    const stands = this.#stands(row);
    const axis = (i: number) => {
      const a = this.#from!.lanes[place + i]![row]!;
      return fromQuanta(scale, stands ? a : a + (this.#to!.lanes[place + i]![row]! - a) * this.#share);
    };
    return { x: axis(0), y: axis(1), z: axes === 3 ? axis(2) : 0 };
  }

  /** Whether it is drawn as it was in the earlier frame: it vanishes, or was carried elsewhere at once. */
  #stands(row: number): boolean {
    const { place, axes, guard, teleportQuanta } = this.history.plan;
    const from = this.#from!;
    const to = this.#to!;
    if (row >= to.rows || to.ids[row] !== from.ids[row]) return true;
    if (guard >= 0 && to.lanes[guard]![row] === 0) return true;
    for (let i = place; i < place + axes; i++) {
      if (Math.abs(to.lanes[i]![row]! - from.lanes[i]![row]!) > teleportQuanta) return true;
    }
    return false;
  }

  /** One pass over the columns, for queries ask about all. */
  #place(from: PastFrame, to: PastFrame): void {
    const { place, axes, scale, guard, teleportQuanta: far } = this.history.plan;
    this.#reserve(from.rows);
    const ax = from.lanes[place]!;
    const bx = to.lanes[place]!;
    const ay = from.lanes[place + 1]!;
    const by = to.lanes[place + 1]!;
    // In a world of vec2 the third axis stays empty.
    const az = axes === 3 ? from.lanes[place + 2]! : undefined;
    const bz = axes === 3 ? to.lanes[place + 2]! : undefined;
    const has = guard >= 0 ? from.lanes[guard]! : undefined;
    const keeps = guard >= 0 ? to.lanes[guard]! : undefined;
    const { times, per } = scale;
    const share = this.#share;
    let count = 0;
    for (let row = 0; row < from.rows; row++) {
      const id = from.ids[row]!;
      if (id === 0 || (has && has[row] === 0)) continue;
      let x = ax[row]!;
      let y = ay[row]!;
      let z = az ? az[row]! : 0;
      if (row < to.rows && to.ids[row] === id && !(keeps && keeps[row] === 0)) {
        const dx = bx[row]! - x;
        const dy = by[row]! - y;
        const dz = bz ? bz[row]! - z : 0;
        if (Math.abs(dx) <= far && Math.abs(dy) <= far && Math.abs(dz) <= far) {
          x += dx * share;
          y += dy * share;
          z += dz * share;
        }
      }
      this.ids[count] = id;
      this.rows[count] = row;
      this.x[count] = (x * times) / per;
      this.y[count] = (y * times) / per;
      this.z[count++] = (z * times) / per;
    }
    this.count = count;
  }

  #reserve(rows: number): void {
    if (rows <= this.ids.length) return;
    const capacity = Math.max(64, rows, this.ids.length * 2);
    this.ids = new Int32Array(capacity);
    this.rows = new Int32Array(capacity);
    this.x = new Float64Array(capacity);
    this.y = new Float64Array(capacity);
    this.z = new Float64Array(capacity);
  }
}

/** A way between two angles, by the shorter side. */
function shorter(way: number, turn: number): number {
  const wrapped = ((way % turn) + turn) % turn;
  return wrapped > turn / 2 ? wrapped - turn : wrapped;
}

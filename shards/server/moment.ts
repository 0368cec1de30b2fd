/**
 * A moment of the past, between two remembered frames: where every entity was that could be seen then, on the way
 * that clients draw (core/draw-plan.ts). Filled again for each other moment that is asked for; made by rewinder.ts,
 * read by rewound.ts.
 * Who is in the earlier frame is there; who is only in the later one was not seen yet.
 */
import type { Components, Vec3 } from '../core/component.ts';
import { blend, curve } from '../core/draw-plan.ts';
import type { Row } from '../core/record-type.ts';
import { fromQuanta } from '../core/scale.ts';
import type { Table } from '../core/table.ts';
import { type History, PastFrame } from './history.ts';

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
  /** The frames around the moment and the one before, for curves; the same where there is none. */
  #before: PastFrame;
  #from: PastFrame;
  #to: PastFrame;
  #share = 0;
  #recorded = -1;
  #tick = Number.NaN;

  constructor(history: History) {
    this.history = history;
    this.#table = history.plan.type.table(0, 'fractional');
    const none = new PastFrame(history.plan.lanes.length);
    this.#before = none;
    this.#from = none;
    this.#to = none;
  }

  /** Goes to a moment that is remembered. Going where it is costs nothing. */
  go(tick: number): void {
    const { history } = this;
    if (tick === this.#tick && history.newest === this.#recorded) return;
    this.#from = history.before(tick);
    this.#before = history.earlier(this.#from);
    this.#to = history.after(this.#from);
    const ticks = this.#to.tick - this.#from.tick;
    this.#share = ticks === 0 ? 0 : (tick - this.#from.tick) / ticks;
    this.#tick = tick;
    this.#recorded = history.newest;
    this.#place();
  }

  /** The row of who was there, or -1; also of one who has been despawned since. */
  rowOf(id: number): number {
    const { ids, rows } = this.#from;
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
    table.reserve(row + 1);
    table.ids[row] = this.#from.ids[row]!;
    for (let i = 0; i < lanes.length; i++) table.columns[i]!.values[row] = this.#value(i, row);
    return table.at(row);
  }

  /** Undefined for one without a position. */
  position(row: number): Vec3 | undefined {
    const { place, axes, scale, guard } = this.history.plan;
    if (guard >= 0 && this.#from.lanes[guard]![row] === 0) return undefined;
    const axis = (i: number) => fromQuanta(scale, this.#value(place + i, row));
    return { x: axis(0), y: axis(1), z: axes === 3 ? axis(2) : 0 };
  }

  /** What is drawn of a lane, in quanta. */
  #value(index: number, row: number): number {
    const plan = this.history.plan.draw.lanes[index]!;
    const a = this.#from.lanes[index]![row]!;
    // Rotations wait for the next frame: turning them evenly takes functions that are not the same everywhere. [T1]
    const still = plan.group === -1 || plan.blend === 'chart' || plan.blend === 'axis';
    if (still || this.#stands(plan.group, row)) return a;
    const b = this.#to.lanes[index]![row]!;
    const before = this.#before;
    const curved =
      plan.blend === 'hermite' && before !== this.#from && before.idOf(row) === this.#from.ids[row];
    const pace = curved ? a - before.lanes[index]![row]! : 0;
    if (!curved || Math.abs(pace) > plan.teleport) return blend(plan, a, b, this.#share);
    return curve(pace, a, b - a, this.#share);
  }

  /** Whether a component is drawn as in the earlier frame: it vanishes, or is elsewhere at once in the later one. */
  #stands(group: number, row: number): boolean {
    const { lanes, groups } = this.history.plan.draw;
    const from = this.#from;
    const to = this.#to;
    if (to.idOf(row) !== from.ids[row]) return true;
    for (const index of groups[group]!) {
      const { lane, teleport } = lanes[index]!;
      const a = from.lanes[index]![row]!;
      const b = to.lanes[index]![row]!;
      if (Math.abs(b - a) > teleport) return true;
      if (lane.guard === -1) continue;
      if (from.lanes[lane.guard]![row] === 0 || to.lanes[lane.guard]![row] === 0) return true;
    }
    return false;
  }

  /** One pass over the columns, for queries ask about all; what `position` says of each. */
  #place(): void {
    const { place, axes, scale, guard, draw } = this.history.plan;
    const { blend: how, teleport } = draw.lanes[place]!;
    const { rows, ids: fromIds, lanes: fromLanes } = this.#from;
    const { ids: toIds, lanes: toLanes } = this.#to;
    const both = Math.min(rows, this.#to.rows);
    this.#reserve(rows);
    const { ids, rows: rowsOf, x: outX, y: outY, z: outZ } = this;
    const ax = fromLanes[place]!;
    const bx = toLanes[place]!;
    const ay = fromLanes[place + 1]!;
    const by = toLanes[place + 1]!;
    // In a world of vec2 there is no third axis.
    const az = axes === 3 ? fromLanes[place + 2]! : undefined;
    const bz = axes === 3 ? toLanes[place + 2]! : undefined;
    const has = guard >= 0 ? fromLanes[guard]! : undefined;
    const keeps = guard >= 0 ? toLanes[guard]! : undefined;
    const unit = scale.times / scale.per;
    const curved = how === 'hermite';
    const share = this.#share;
    const moves = how !== 'snap' && share > 0;
    let count = 0;
    for (let row = 0; row < rows; row++) {
      const id = fromIds[row]!;
      if (id === 0 || (has && has[row] === 0)) continue;
      let x = ax[row]!;
      let y = ay[row]!;
      let z = az ? az[row]! : 0;
      if (moves && row < both && toIds[row] === id && !(keeps && keeps[row] === 0)) {
        const dx = bx[row]! - x;
        const dy = by[row]! - y;
        const dz = bz ? bz[row]! - z : 0;
        if (Math.abs(dx) <= teleport && Math.abs(dy) <= teleport && Math.abs(dz) <= teleport) {
          x = curved ? this.#value(place, row) : x + dx * share;
          y = curved ? this.#value(place + 1, row) : y + dy * share;
          if (az) z = curved ? this.#value(place + 2, row) : z + dz * share;
        }
      }
      ids[count] = id;
      rowsOf[count] = row;
      outX[count] = x * unit;
      outY[count] = y * unit;
      outZ[count++] = z * unit;
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

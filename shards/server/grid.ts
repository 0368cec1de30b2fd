/**
 * Which entity is in which cell, kept up to date once a frame by one pass over the columns: what did not move
 * to another cell costs a comparison. Made by frame-maker.ts; streams.ts encodes the cells that players hold. [T8]
 */
import { assert } from '../../src/base/assert.ts';
import type { Vec2, Vec3 } from '../core/component.ts';
import { type GridAxis, type GridPlan, PLACELESS } from '../core/interest.ts';
import { toQuanta } from '../core/scale.ts';
import type { Table } from '../core/table.ts';

/** No cell: the row was empty when it was last looked at. */
const NOWHERE = -1;

/** The entities of one cell, in order of their ids. */
export class CellRows {
  readonly number: number;
  readonly table: Table<unknown>;
  ids = new Int32Array(4);
  rows = new Int32Array(4);
  /** Rows in use, from the first on. */
  readonly from = 0;
  count = 0;
  /** Who reads it; a cell without entities is kept for them. */
  readers = 0;

  constructor(number: number, table: Table<unknown>) {
    this.number = number;
    this.table = table;
  }

  add(id: number, row: number): void {
    const at = this.#find(id);
    if (this.count === this.ids.length) {
      this.ids = doubled(this.ids);
      this.rows = doubled(this.rows);
    }
    this.ids.copyWithin(at + 1, at, this.count);
    this.rows.copyWithin(at + 1, at, this.count);
    this.ids[at] = id;
    this.rows[at] = row;
    this.count++;
  }

  remove(id: number): void {
    const at = this.#find(id);
    assert(this.ids[at] === id && at < this.count, `entity ${id} is not in cell ${this.number}`);
    this.ids.copyWithin(at, at + 1, this.count);
    this.rows.copyWithin(at, at + 1, this.count);
    this.count--;
  }

  /** The index of the first id that is not smaller. */
  #find(id: number): number {
    let low = 0;
    let high = this.count;
    // New entities have the greatest ids.
    if (high === 0 || this.ids[high - 1]! < id) return high;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.ids[middle]! < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

export class Grid {
  readonly plan: GridPlan;
  readonly #table: Table<unknown>;
  readonly #cells = new Map<number, CellRows>();
  /** By row: the entity that was there, and its cell. */
  #ids = new Int32Array(0);
  #places = new Int32Array(0);
  #rows = 0;

  constructor(plan: GridPlan, table: Table<unknown>) {
    this.plan = plan;
    this.#table = table;
  }

  /** Cells that hold entities or are read. */
  get size(): number {
    return this.#cells.size;
  }

  /** The cell of the entity in a row, as of the last update. */
  placeOf(row: number): number {
    return row < this.#rows ? this.#places[row]! : NOWHERE;
  }

  /** The cell of a point, which may be anywhere. */
  placeAt(point: Vec2 | Vec3): number {
    const { axes, scale } = this.plan;
    if (axes.length === 0) return PLACELESS;
    let place = 1;
    let times = 1;
    for (const axis of axes) {
      const at = axis.name === 'z' ? ('z' in point ? point.z : 0) : point[axis.name];
      place += times * stepOf(axis, toQuanta(scale, at));
      times *= axis.cells;
    }
    return place;
  }

  /** A cell, kept up to date until it is dropped as often as it was taken. */
  take(number: number): CellRows {
    const cell = this.#cell(number);
    cell.readers++;
    return cell;
  }

  drop(cell: CellRows): void {
    cell.readers--;
    this.#forget(cell);
  }

  /** Follows the entities of the first `rows` rows. */
  update(rows: number): void {
    this.#reserve(rows);
    const { axes, guard } = this.plan;
    const { columns, ids: now } = this.#table;
    const present = guard === -1 ? undefined : columns[guard]!.values;
    const x = axes[0] && columns[axes[0].lane]!.values;
    const y = axes[1] && columns[axes[1].lane]!.values;
    const z = axes[2] && columns[axes[2].lane]!.values;
    const ids = this.#ids;
    const places = this.#places;
    for (let row = 0; row < rows; row++) {
      const id = now[row]!;
      let place = NOWHERE;
      if (id !== 0) {
        place = PLACELESS;
        if (x && y && (!present || present[row] === 1)) {
          place = 1 + stepOf(axes[0]!, x[row]!) + axes[0]!.cells * stepOf(axes[1]!, y[row]!);
          if (z) place += axes[0]!.cells * axes[1]!.cells * stepOf(axes[2]!, z[row]!);
        }
      }
      if (place !== places[row] || id !== ids[row]) this.#move(row, id, place);
    }
    this.#rows = rows;
  }

  #move(row: number, id: number, place: number): void {
    const before = this.#places[row]!;
    if (before !== NOWHERE) {
      const cell = this.#cells.get(before)!;
      cell.remove(this.#ids[row]!);
      this.#forget(cell);
    }
    this.#ids[row] = id;
    this.#places[row] = place;
    if (place !== NOWHERE) this.#cell(place).add(id, row);
  }

  #cell(number: number): CellRows {
    let cell = this.#cells.get(number);
    if (!cell) {
      cell = new CellRows(number, this.#table);
      this.#cells.set(number, cell);
    }
    return cell;
  }

  #forget(cell: CellRows): void {
    if (cell.count === 0 && cell.readers === 0) this.#cells.delete(cell.number);
  }

  #reserve(rows: number): void {
    const old = this.#ids.length;
    if (rows <= old) return;
    const capacity = Math.max(64, rows, old * 2);
    const ids = new Int32Array(capacity);
    const places = new Int32Array(capacity).fill(NOWHERE);
    ids.set(this.#ids);
    places.set(this.#places);
    this.#ids = ids;
    this.#places = places;
  }
}

function stepOf(axis: GridAxis, quanta: number): number {
  return ((quanta - axis.minQuanta) / axis.cellQuanta) | 0;
}

function doubled(old: Int32Array): Int32Array<ArrayBuffer> {
  const bigger = new Int32Array(old.length * 2);
  bigger.set(old);
  return bigger;
}

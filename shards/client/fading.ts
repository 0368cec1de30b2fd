/**
 * The difference between what was drawn and what is right, in the rows of a table: added to what is right and
 * fading, so that a correction moves nothing at once. The state itself never holds any of it. [T6]
 * Used by interpolate.ts after frames that came late, and by predict.ts after each correction.
 */

import { type DrawPlan, turnBetween } from '../core/draw-plan.ts';
import type { Table } from '../core/table.ts';

/** Less than this of a quantum is not seen, and would never be gone while every frame corrects a little. */
const SEEN = 1 / 64;
/** What is left after ten half-lives is not seen. */
const GONE = 1 / 1024;

export class Fading {
  readonly #plan: DrawPlan;
  readonly #halfLifeMs: number;
  /** By lane and row, in quanta; those of lanes that are not drawn between two frames stay empty. */
  readonly #errors: Float64Array[];
  readonly #was: Float64Array[];
  #wasIds = new Int32Array(0);
  #sinceMs = 0;
  #fades = false;

  constructor(plan: DrawPlan, halfLifeMs: number) {
    this.#plan = plan;
    this.#halfLifeMs = halfLifeMs;
    this.#errors = plan.lanes.map(() => new Float64Array(0));
    this.#was = plan.lanes.map(() => new Float64Array(0));
  }

  /** Notes what the table shows, which is what is drawn now. */
  keep<T>(table: Table<T>): void {
    if (this.#wasIds.length !== table.capacity) this.#reserve(table.capacity);
    this.#wasIds.set(table.ids);
    for (const group of this.#plan.groups) {
      for (const lane of group) this.#was[lane]!.set(table.columns[lane]!.values);
    }
  }

  /** The table shows what is right: brings it back to what was kept, and lets the difference fade from now on. */
  absorb<T>(table: Table<T>, nowMs: number): void {
    if (this.#wasIds.length !== table.capacity) this.#reserve(table.capacity);
    this.#sinceMs = nowMs;
    this.#fades = false;
    for (const group of this.#plan.groups) {
      for (let row = 0; row < table.capacity; row++) {
        const known = table.ids[row] !== 0 && this.#wasIds[row] === table.ids[row];
        if (known && this.#isNear(group, table, row)) this.#take(group, table, row);
        else for (const lane of group) this.#errors[lane]![row] = 0;
      }
    }
  }

  /** The table shows what is right: adds what is left of the differences. */
  add<T>(table: Table<T>, nowMs: number): void {
    if (!this.#fades) return;
    if (this.#wasIds.length !== table.capacity) this.#reserve(table.capacity);
    const left = 0.5 ** ((nowMs - this.#sinceMs) / this.#halfLifeMs);
    if (left < GONE) {
      this.#fades = false;
      return;
    }
    for (const group of this.#plan.groups) {
      for (const lane of group) {
        const errors = this.#errors[lane]!;
        const { values } = table.columns[lane]!;
        for (let row = 0; row < errors.length; row++) values[row]! += errors[row]! * left;
      }
    }
  }

  /** Another entity stands in this row from now on. */
  clear(row: number): void {
    if (row >= this.#wasIds.length) return;
    this.#wasIds[row] = 0;
    for (const errors of this.#errors) if (errors.length > 0) errors[row] = 0;
  }

  #isNear<T>(group: readonly number[], table: Table<T>, row: number): boolean {
    for (const lane of group) {
      const difference = this.#difference(lane, table, row);
      if (Math.abs(difference) > this.#plan.lanes[lane]!.teleport) return false;
    }
    return true;
  }

  #take<T>(group: readonly number[], table: Table<T>, row: number): void {
    for (const lane of group) {
      const exact = this.#difference(lane, table, row);
      const difference = Math.abs(exact) < SEEN ? 0 : exact;
      this.#errors[lane]![row] = difference;
      table.columns[lane]!.values[row]! += difference;
      this.#fades ||= difference !== 0;
    }
  }

  #difference<T>(lane: number, table: Table<T>, row: number): number {
    const plan = this.#plan.lanes[lane]!;
    const right = table.columns[lane]!.values[row]!;
    const was = this.#was[lane]![row]!;
    return plan.blend === 'angle' ? turnBetween(plan.lane, right, was) : was - right;
  }

  #reserve(capacity: number): void {
    const grown = (old: Float64Array) => {
      const values = new Float64Array(capacity);
      values.set(old);
      return values;
    };
    for (const group of this.#plan.groups) {
      for (const lane of group) {
        this.#errors[lane] = grown(this.#errors[lane]!);
        this.#was[lane] = grown(this.#was[lane]!);
      }
    }
    const ids = new Int32Array(capacity);
    ids.set(this.#wasIds);
    this.#wasIds = ids;
  }
}

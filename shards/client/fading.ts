/**
 * The difference between what was drawn and what is right, in the rows of a table: added to what is right and
 * fading, so that a correction moves nothing at once. The state itself never holds any of it. [T6]
 * Used by interpolate.ts after frames that came late, and by predict.ts after each correction.
 */
import { type DrawPlan, turnBetween } from '../core/draw-plan.ts';
import type { TableType } from '../core/table.ts';
import { Table } from '../core/table.ts';
import { RotationBlend } from './rotation-blend.ts';

/** Less than this of a quantum is not seen, and would never be gone while every frame corrects a little. */
const SEEN = 1 / 8;
/** What is left after ten half-lives is not seen. */
const GONE = 1 / 1024;
/** Lanes of one rotation. */
const ROTATION = 4;

export class Fading {
  readonly #plan: DrawPlan;
  readonly #halfLifeMs: number;
  /** By row: quanta that fade; of a rotation, 1 in its first lane where it does. */
  readonly #errors: Table<unknown>;
  /** What was drawn. Rotations fade from here. */
  readonly #was: Table<unknown>;
  readonly #rotation = new RotationBlend();
  #sinceMs = 0;
  #fades = false;

  constructor(plan: DrawPlan, type: TableType<unknown>, halfLifeMs: number) {
    this.#plan = plan;
    this.#halfLifeMs = halfLifeMs;
    this.#errors = new Table(type, 1, 'fractional');
    this.#was = new Table(type, 1, 'fractional');
    this.clear(0);
  }

  /** Notes what the table shows, which is what is drawn now. */
  keep(table: Table<unknown>): void {
    this.#reserve(table.capacity);
    for (let row = 0; row < table.capacity; row++) {
      this.#was.copy(table, row, row);
      this.#was.ids[row] = table.ids[row]!;
    }
  }

  /** The table shows what is right: brings it back to what was kept, and lets the difference fade from now on. */
  absorb(table: Table<unknown>, nowMs: number): void {
    this.#reserve(table.capacity);
    this.#sinceMs = nowMs;
    this.#fades = false;
    for (const group of this.#plan.groups) {
      for (let row = 0; row < table.capacity; row++) {
        const known = table.ids[row] !== 0 && this.#was.ids[row] === table.ids[row];
        if (known && this.#isNear(group, table, row)) this.#take(group, table, row);
        else for (const lane of group) this.#errors.columns[lane]!.values[row] = 0;
      }
    }
  }

  /** The table shows what is right: adds what is left of the differences. */
  add(table: Table<unknown>, nowMs: number): void {
    if (!this.#fades) return;
    this.#reserve(table.capacity);
    const left = 0.5 ** ((nowMs - this.#sinceMs) / this.#halfLifeMs);
    this.#fades = left >= GONE;
    if (!this.#fades) return;
    for (const group of this.#plan.groups) {
      for (const lane of group) {
        const errors = this.#errors.columns[lane]!.values;
        const { values } = table.columns[lane]!;
        const chart = this.#plan.lanes[lane]!.blend === 'chart';
        for (let row = 0; row < table.capacity; row++) {
          if (errors[row] === 0) continue;
          if (chart) this.#turn(table, lane, row, left);
          else values[row]! += errors[row]! * left;
        }
      }
    }
  }

  /** Another entity stands in this row from now on. */
  clear(row: number): void {
    this.#reserve(row + 1);
    this.#was.ids[row] = 0;
    for (const group of this.#plan.groups) {
      for (const lane of group) this.#errors.columns[lane]!.values[row] = 0;
    }
  }

  #isNear(group: readonly number[], table: Table<unknown>, row: number): boolean {
    for (const lane of group) {
      const { teleport } = this.#plan.lanes[lane]!;
      if (teleport < Number.POSITIVE_INFINITY && Math.abs(this.#difference(lane, table, row)) > teleport)
        return false;
    }
    return true;
  }

  #take(group: readonly number[], table: Table<unknown>, row: number): void {
    for (const lane of group) {
      const { values } = table.columns[lane]!;
      const errors = this.#errors.columns[lane]!.values;
      if (this.#plan.lanes[lane]!.blend === 'chart') {
        errors[row] = this.#isTurned(table, lane, row) ? 1 : 0;
        if (errors[row] === 1) this.#turn(table, lane, row, 1);
      } else {
        const exact = this.#difference(lane, table, row);
        errors[row] = Math.abs(exact) < SEEN ? 0 : exact;
        values[row]! += errors[row]!;
      }
      this.#fades ||= errors[row] !== 0;
    }
  }

  /** From what is right, `left` of the way back to what was drawn. */
  #turn(table: Table<unknown>, lane: number, row: number, left: number): void {
    this.#rotation.from(table, lane, row).to(this.#was, lane, row).turn(left).write(table, lane, row);
  }

  #isTurned(table: Table<unknown>, first: number, row: number): boolean {
    for (let lane = first; lane < first + ROTATION; lane++) {
      const was = this.#was.columns[lane]!.values[row]!;
      if (Math.abs(was - table.columns[lane]!.values[row]!) >= SEEN) return true;
    }
    return false;
  }

  #difference(lane: number, table: Table<unknown>, row: number): number {
    const plan = this.#plan.lanes[lane]!;
    const right = table.columns[lane]!.values[row]!;
    const was = this.#was.columns[lane]!.values[row]!;
    return plan.blend === 'angle' ? turnBetween(plan.lane, right, was) : was - right;
  }

  #reserve(capacity: number): void {
    const old = this.#errors.capacity;
    if (capacity <= old) return;
    this.#errors.reserve(capacity);
    this.#was.reserve(capacity);
    for (let row = old; row < this.#errors.capacity; row++) this.clear(row);
  }
}

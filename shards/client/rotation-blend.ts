/**
 * Rotations between two moments: the shorter way round, at an even speed (slerp). Used by interpolate.ts and predict.ts;
 * nothing here goes back into a simulation, so `Math.sin` is fine. Source: K. Shoemake, "Animating rotation with
 * quaternion curves", 1985.
 */
import { type Four, packRotation, unpackRotation } from '../core/rotation.ts';
import type { Table } from '../core/table.ts';

/** Closer than this, the straight way is the same. */
const STRAIGHT = 0.9995;

type AnyTable = Table<unknown>;

export class RotationBlend {
  readonly #lanes = new Float64Array(4);
  readonly #from = new Float64Array(4);
  readonly #to = new Float64Array(4);

  from(table: AnyTable, lane: number, row: number): this {
    this.#read(table, lane, row);
    unpackRotation(this.#lanes, mostOf(table, lane), this.#from);
    return this;
  }

  to(table: AnyTable, lane: number, row: number): this {
    this.#read(table, lane, row);
    unpackRotation(this.#lanes, mostOf(table, lane), this.#to);
    return this;
  }

  /** Goes `share` of the way, which is then what it comes from. */
  turn(share: number): this {
    slerp(this.#from, this.#to, share);
    return this;
  }

  /** Writes what it comes from into a row of a fractional table, whose chart begins at `lane`. */
  write(table: AnyTable, lane: number, row: number): void {
    packRotation(this.#from, mostOf(table, lane), this.#lanes);
    for (let i = 0; i < 4; i++) table.columns[lane + i]!.values[row] = this.#lanes[i]!;
  }

  #read(table: AnyTable, lane: number, row: number): void {
    for (let i = 0; i < 4; i++) this.#lanes[i] = table.columns[lane + i]!.values[row]!;
  }
}

function mostOf(table: AnyTable, lane: number): number {
  return table.lanes[lane + 1]!.max;
}

/** Turns `from`, of length 1, `share` of the way to `to`. What comes out is of length 1 but for rounding. */
function slerp(from: Four, to: Four, share: number): void {
  let cos = 0;
  for (let n = 0; n < 4; n++) cos += from[n]! * to[n]!;
  // q and -q are one rotation; one of the two is nearer.
  const sign = cos < 0 ? -1 : 1;
  let [mine, its] = [1 - share, share];
  if (cos * sign < STRAIGHT) {
    const angle = Math.acos(cos * sign);
    const whole = Math.sin(angle);
    mine = Math.sin(mine * angle) / whole;
    its = Math.sin(its * angle) / whole;
  }
  for (let n = 0; n < 4; n++) from[n] = from[n]! * mine + to[n]! * its * sign;
}

/**
 * What the world was in the frame before, as far as it moves: tells how fast an entity goes that comes to a cell,
 * so that it is expected rightly from its first step on. Kept by ChunkEncoder; a copy of some columns per frame.
 */
import { turned } from './cell-state.ts';
import { ANGLE, type ChunkLayout } from './chunk-layout.ts';
import type { Table } from './table.ts';

/** What is older tells nothing of how an entity goes now. */
const MAX_FRAMES = 8;

interface Copy {
  frame: number;
  ids: Int32Array;
  /** By lane of the layout; empty for those that do not move. */
  columns: Int32Array[];
}

export class LastFrame {
  readonly #layout: ChunkLayout;
  #now: Copy = { frame: -1, ids: new Int32Array(0), columns: [] };
  #before: Copy = { frame: -1, ids: new Int32Array(0), columns: [] };

  constructor(layout: ChunkLayout) {
    this.#layout = layout;
  }

  /** The table is that of a frame; to be said before anything else in it. Saying it again does nothing. */
  see(table: Table<unknown>, frame: number): void {
    if (this.#now.frame === frame) return;
    const { ids, columns } = this.#before;
    this.#before = this.#now;
    this.#now = { frame, ids: copied(table.ids, ids), columns };
    const { motion, source } = this.#layout;
    for (let lane = 0; lane < motion.length; lane++) {
      const old = columns[lane] ?? new Int32Array(0);
      columns[lane] = motion[lane] === 0 ? old : copied(table.columns[source[lane]!]!.values, old);
    }
  }

  /** By how much a lane of a row changes in `frames` frames, to go by what it did since the frame before. */
  paceOf(row: number, lane: number, frames: number): number {
    const passed = this.#now.frame - this.#before.frame;
    const id = this.#now.ids[row];
    if (this.#before.frame === -1 || passed > MAX_FRAMES || this.#before.ids[row] !== id) return 0;
    const change = this.#now.columns[lane]![row]! - this.#before.columns[lane]![row]!;
    const angle = this.#layout.kind[lane] === ANGLE;
    const pace = Math.round(((angle ? turned(this.#layout, lane, change) : change) * frames) / passed);
    const most = this.#layout.max[lane]! - this.#layout.min[lane]!;
    if (!angle) return Math.abs(pace) > most ? 0 : pace | 0;
    return Math.abs(pace) > most / 2 ? 0 : pace;
  }
}

function copied(from: Int32Array | Float64Array, to: Int32Array): Int32Array {
  if (to.length !== from.length) return Int32Array.from(from);
  to.set(from);
  return to;
}

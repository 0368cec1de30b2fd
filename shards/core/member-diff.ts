/** Who left a cell, who came and who stays, since its last step. Kept by ChunkEncoder for all its cells. */
import type { CellState } from './cell-state.ts';
import type { Rows } from './state-diff.ts';

export class MemberDiff {
  /** The slots of who left, and whether he is still in the world. */
  left = new Int32Array(16);
  moved = new Uint8Array(16);
  leftCount = 0;
  /** The ids and rows of who came; `cameSlots` is for the slots that they are given. */
  cameIds = new Int32Array(16);
  cameRows = new Int32Array(16);
  cameSlots = new Int32Array(16);
  cameCount = 0;
  /** Who stays; defined by `match`. */
  kept!: Rows;
  readonly #lives: (id: number) => boolean;
  #rows = new Int32Array(16);

  constructor(lives: (id: number) => boolean) {
    this.#lives = lives;
  }

  /** Who stays, with his row, who left and who came. */
  match(state: CellState, { table, rows, from, count }: Rows): void {
    this.#reserve(Math.max(count, state.count));
    let kept = 0;
    this.leftCount = 0;
    this.cameCount = 0;
    let slot = 0;
    for (let n = 0; n < count; n++) {
      const row = rows[from + n]!;
      const id = table.ids[row]!;
      while (slot < state.count && state.idAt(slot) < id) this.#leave(state, slot++);
      if (slot < state.count && state.idAt(slot) === id) {
        this.#rows[kept++] = row;
        slot++;
      } else {
        this.cameIds[this.cameCount] = id;
        this.cameRows[this.cameCount++] = row;
      }
    }
    while (slot < state.count) this.#leave(state, slot++);
    this.kept = { table, rows: this.#rows, from: 0, count: kept };
  }

  #leave(state: CellState, slot: number): void {
    this.left[this.leftCount] = slot;
    this.moved[this.leftCount++] = this.#lives(state.idAt(slot)) ? 1 : 0;
  }

  #reserve(count: number): void {
    if (count <= this.#rows.length) return;
    this.left = new Int32Array(count * 2);
    this.moved = new Uint8Array(count * 2);
    this.cameIds = new Int32Array(count * 2);
    this.cameRows = new Int32Array(count * 2);
    this.cameSlots = new Int32Array(count * 2);
    this.#rows = new Int32Array(count * 2);
  }
}

/** Whether the rows are those of the entities that the state holds; most often they are. */
export function sameMembers(state: CellState, { table, rows, from, count }: Rows): boolean {
  if (state.count !== count) return false;
  const { data, layout } = state;
  const { ids } = table;
  for (let slot = 0; slot < count; slot++) {
    if (ids[rows[from + slot]!] !== data[slot * layout.size]) return false;
  }
  return true;
}

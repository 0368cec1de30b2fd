/**
 * Entities between two cells. One that goes to a cell of a lower level of detail leaves its old cell some frames
 * before the new one tells of it; until then it is drawn as it would have gone on, so that nothing flickers where
 * the levels meet. Used by CellReplica. [N1] No more than the definition's limit of them at a level.
 */
import { CellState } from './cell-state.ts';
import type { ChunkLayout } from './chunk-layout.ts';
import { MAX_LEVEL } from './frames.ts';

/** Drawn as cells are. */
export interface Crossers {
  readonly level: number;
  readonly state: CellState;
}

export class CrosserCells {
  /** By the level of the cell that was left. */
  readonly cells: readonly Crossers[];
  readonly #most: number;
  readonly #ids = new Int32Array(1);
  readonly #slots = new Int32Array(1);

  constructor(layout: ChunkLayout, maxEntities: number) {
    this.#most = maxEntities;
    this.cells = Array.from({ length: MAX_LEVEL + 1 }, (_, level) => ({
      level,
      state: new CellState(layout, 0),
    }));
  }

  clear(): void {
    for (const { state } of this.cells) state.clear();
  }

  /** Those who are on their way go on. */
  advance(from: number, to: number): void {
    for (const { level, state } of this.cells) if (state.count > 0) state.coast(from, to, level);
  }

  /** The entity in a slot leaves a cell in frame `frame` and is still in the world. */
  add(left: CellState, slot: number, at: { level: number; frame: number }): void {
    const { state } = this.cells[at.level]!;
    const id = left.idAt(slot);
    if (state.count >= this.#most || state.find(id) !== -1) return;
    this.#ids[0] = id;
    state.insert(this.#ids, 1, this.#slots);
    const own = this.#slots[0]!;
    state.copySlot(left, slot, own);
    const { motion, every } = state.layout;
    for (let lane = 0; lane < motion.length; lane++) {
      if (motion[lane]! > 0 && at.frame % every[lane]! === 0) state.move(own, lane, 0);
    }
  }

  /** Those who have come to a cell are there. */
  settle(held: readonly { readonly state: CellState }[]): void {
    for (const { state } of this.cells) {
      for (let slot = state.count - 1; slot >= 0; slot--) {
        const id = state.idAt(slot);
        if (!held.some((cell) => cell.state.find(id) !== -1)) continue;
        this.#slots[0] = slot;
        state.remove(this.#slots, 1);
      }
    }
  }
}

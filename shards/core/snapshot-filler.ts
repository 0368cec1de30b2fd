/**
 * Lays the entities of all held cells into one snapshot, in order of their ids. Cells of a lower level of
 * detail are some frames old: what moves is drawn where it is expected by now. Used by CellReplica.
 */
import { type CellState, predict } from './cell-state.ts';
import { TEXT } from './chunk-layout.ts';
import type { Components } from './component.ts';
import { MAX_LEVEL } from './frames.ts';
import type { Row } from './record-type.ts';
import type { Snapshot } from './snapshot.ts';
import type { Table } from './table.ts';

/** Keys for sorting: the id above, the place in the list of candidates below. */
const KEY_BASE = 2 ** 21;

interface Source {
  readonly state: CellState;
  readonly level: number;
}

export interface SnapshotParts {
  readonly frame: number;
  readonly held: readonly Source[];
  /** Between two cells; what a cell says of them goes before. */
  readonly crossers: readonly Source[];
  readonly seen: CellState;
  /** What is laid over the entities that are there. */
  readonly own: readonly CellState[];
}

interface Target<C extends Components> {
  readonly table: Table<Row<C>>;
  readonly row: number;
  readonly frame: number;
}

export class SnapshotFiller<C extends Components> {
  #keys = new Float64Array(64);
  /** By candidate: where it stands. */
  #sourceOf: Source[] = [];
  #slotOf = new Int32Array(64);

  /** Throws RangeError for more than 2^21 entities; the limits of cells keep far below. */
  fill(snapshot: Snapshot<C>, from: SnapshotParts): void {
    const { table } = snapshot;
    const candidates = this.#gather(from);
    table.reserve(candidates);
    let row = 0;
    for (let n = 0; n < candidates; n++) {
      const key = this.#keys[n]!;
      const id = Math.floor(key / KEY_BASE);
      // An entity on its way between two cells may be in both, the newer state first.
      if (row > 0 && table.ids[row - 1] === id) continue;
      const source = this.#sourceOf[key % KEY_BASE]!;
      table.ids[row] = id;
      if (source.state.layout.stride < table.lanes.length) table.reset(row);
      show(source, this.#slotOf[key % KEY_BASE]!, { table, row, frame: from.frame });
      row++;
    }
    snapshot.count = row;
    for (const state of from.own) {
      for (let slot = 0; slot < state.count; slot++) {
        const own = snapshot.find(state.idAt(slot));
        if (own !== -1) show({ state, level: 0 }, slot, { table, row: own, frame: from.frame });
      }
    }
  }

  /** Sorted by id, then the newer state first: a lower level is never older. */
  #gather({ held, crossers, seen }: SnapshotParts): number {
    let count = seen.count;
    for (const { state } of held) count += state.count;
    for (const { state } of crossers) count += state.count;
    if (count > KEY_BASE) throw new RangeError(`${count} entities in one snapshot`);
    if (count > this.#keys.length) {
      this.#keys = new Float64Array(count * 2);
      this.#slotOf = new Int32Array(count * 2);
    }
    this.#sourceOf.length = 0;
    this.#note({ state: seen, level: 0 });
    for (let level = 0; level <= MAX_LEVEL; level++) {
      for (const source of held) if (source.level === level) this.#note(source);
    }
    for (const source of crossers) this.#note(source);
    this.#keys.subarray(0, count).sort();
    return count;
  }

  #note(source: Source): void {
    const { state } = source;
    for (let slot = 0; slot < state.count; slot++) {
      const candidate = this.#sourceOf.push(source) - 1;
      this.#slotOf[candidate] = slot;
      this.#keys[candidate] = state.idAt(slot) * KEY_BASE + candidate;
    }
  }
}

/** Writes an entity into a row, as it is expected to be at `frame`. */
function show<C extends Components>({ state, level }: Source, slot: number, to: Target<C>): void {
  const { stride, size, kind, motion, source, every } = state.layout;
  const { data } = state;
  const at = slot * size;
  for (let i = 0; i < stride; i++) {
    const column = to.table.columns[source[i]!]!;
    if (kind[i] === TEXT) {
      column.texts[to.row] = state.textAt(slot, i);
      continue;
    }
    const value = data[at + 1 + i]!;
    const period = Math.max(every[i]!, 2 ** level);
    const since = to.frame % period;
    const way = motion[i] === 0 ? 0 : data[at + motion[i]!]! + data[at + motion[i]! + 2]!;
    column.values[to.row] =
      since === 0 || way === 0 ? value : predict(state.layout, i, value + Math.round((way * since) / period));
  }
}

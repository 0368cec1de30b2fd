/**
 * The layers of the queue's ops, in their order. A row write is one layer. A call with an optimistic part is as
 * many as that part writes over the rows and layers beneath it, and it is replayed, with all calls, whenever
 * something that one of them read changes. [S7] Without calls nothing is replayed: row writes cost what they did.
 *
 * `add`, `remove` and `reorder` are for inside a change of the view, which ends with `rebase`.
 */
import type { JsonObject } from '../base/json.ts';
import type { PushOp } from '../protocol/client-message.ts';
import type { OptimisticRunner } from './optimistic-runner.ts';
import { type Overlay, replay } from './overlay.ts';
import type { Change } from './persistence.ts';
import type { RowTables } from './row-tables.ts';
import type { RowView } from './row-view.ts';

export interface LayersDeps {
  readonly tables: RowTables;
  readonly overlay: Overlay;
  readonly view: RowView;
  readonly runner: OptimisticRunner;
  projected(entity: string): JsonObject;
}

export class Layers {
  readonly #deps: LayersDeps;
  /** All ops that show something, in order. */
  readonly #ops = new Map<string, Change>();
  /** What each call among them wrote when it was last replayed. */
  readonly #written = new Map<string, PushOp[]>();
  /** What any of these calls read; `lists` are whole entities. */
  readonly #read = { rows: new Map<string, Set<string>>(), lists: new Set<string>() };
  /** The change under way only puts a layer on top: no call reads what is above it. */
  #onTop = false;
  #outOfOrder = false;

  constructor(deps: LayersDeps) {
    this.#deps = deps;
  }

  /** Puts an op on top. */
  add(op: Change): void {
    this.#ops.set(op.op_id, op);
    this.#onTop = true;
    this.#apply(op);
  }

  remove(op: Change): void {
    if (!this.#ops.delete(op.op_id)) return;
    const layers = op.kind === 'call' ? (this.#written.get(op.op_id) ?? []) : [op];
    this.#written.delete(op.op_id);
    if (this.#written.size === 0) this.#forgetReads();
    for (const layer of layers) {
      this.#deps.view.touch(layer.entity, layer.row_id);
      this.#deps.overlay.remove(layer);
    }
  }

  /** Earlier ops have come to light: these are all, in order. */
  reorder(ops: Iterable<Change>): void {
    for (const op of [...this.#ops.values()]) this.remove(op);
    for (const op of ops) this.#ops.set(op.op_id, op);
    for (const op of this.#ops.values()) {
      if (op.kind === 'call') this.#written.set(op.op_id, []);
      else this.#apply(op);
    }
    this.#outOfOrder = true;
  }

  /** Replays the calls if these rows, about to change, concern them. */
  rebase(touched: ReadonlyMap<string, ReadonlyMap<string, unknown>>): void {
    const concerned = this.#outOfOrder || (!this.#onTop && this.#concerns(touched));
    this.#onTop = false;
    this.#outOfOrder = false;
    if (this.#written.size === 0 || !concerned) return;
    const { overlay, view } = this.#deps;
    for (const layers of this.#written.values()) {
      for (const { entity, row_id } of layers) view.touch(entity, row_id);
    }
    overlay.clear();
    this.#forgetReads();
    for (const op of this.#ops.values()) this.#apply(op);
  }

  #apply(op: Change): void {
    const { overlay, view, runner } = this.#deps;
    if (op.kind !== 'call') {
      view.touch(op.entity, op.row_id);
      return overlay.add(op);
    }
    const written: PushOp[] = [];
    const ok = runner.run(op, {
      get: (entity, id) => this.#get(entity, id),
      list: (entity) => this.#list(entity),
      write: (layer) => {
        view.touch(layer.entity, layer.row_id);
        overlay.add(layer);
        written.push(layer);
      },
    });
    if (!ok) for (const layer of written) overlay.remove(layer);
    this.#written.set(op.op_id, ok ? written : []);
  }

  #forgetReads(): void {
    this.#read.rows.clear();
    this.#read.lists.clear();
  }

  #get(entity: string, id: string): JsonObject | undefined {
    let ids = this.#read.rows.get(entity);
    if (!ids) {
      ids = new Set();
      this.#read.rows.set(entity, ids);
    }
    ids.add(id);
    return this.#row(entity, id);
  }

  #list(entity: string): JsonObject[] {
    const { tables, overlay } = this.#deps;
    this.#read.lists.add(entity);
    const list: JsonObject[] = [];
    for (const id of new Set([...tables.table(entity).keys(), ...overlay.idsOf(entity)])) {
      const row = this.#row(entity, id);
      if (row) list.push(row);
    }
    return list;
  }

  #row(entity: string, id: string): JsonObject | undefined {
    const { tables, overlay, projected } = this.#deps;
    const layers = overlay.of(entity, id);
    const base = tables.get(entity, id);
    return layers ? replay(base, layers, projected) : base;
  }

  #concerns(touched: ReadonlyMap<string, ReadonlyMap<string, unknown>>): boolean {
    if (this.#written.size === 0) return false;
    for (const [entity, rows] of touched) {
      if (this.#read.lists.has(entity)) return true;
      const read = this.#read.rows.get(entity);
      if (read && [...rows.keys()].some((id) => read.has(id))) return true;
    }
    return false;
  }
}

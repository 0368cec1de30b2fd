/**
 * What the app sees: server rows with the user's own writes over them. All of a change is applied before
 * anybody is told, everybody is told once, and a row that did not change stays the same object. [S7]
 *
 * A change is: `touch` every row concerned, edit tables and overlay, `commit`. change() wraps the three.
 */
import type { Cancel, Log } from '../base/env.ts';
import { type JsonObject, jsonEquals } from '../base/json.ts';
import { Listeners } from './listeners.ts';
import { type Overlay, replay } from './overlay.ts';
import type { RowTables } from './row-tables.ts';

/** The ids that changed, by entity. Empty when only what is known about them changed. */
export type RowChange = ReadonlyMap<string, ReadonlySet<string>>;

/** `unknown`: no rows yet. `stale`: rows of an earlier visit. `complete`: the server has confirmed them. */
export type Knowledge = 'unknown' | 'stale' | 'complete';

export interface RowViewDeps {
  readonly tables: RowTables;
  readonly overlay: Overlay;
  /** What a new row of an entity holds besides the data of its insert. */
  projected(entity: string): JsonObject;
  /** At the end of each change, with the rows it touches: may touch and edit layers of more. */
  rebase?(touched: ReadonlyMap<string, ReadonlyMap<string, unknown>>): void;
}

export class RowView {
  readonly #tables: RowTables;
  readonly #overlay: Overlay;
  readonly #projected: RowViewDeps['projected'];
  readonly #rebase: RowViewDeps['rebase'];
  readonly #changed: Listeners<[RowChange]>;
  /** Rows under layers, as replayed; null where a layer hides the row. */
  readonly #layered = new Map<string, Map<string, JsonObject | null>>();
  readonly #lists = new Map<string, JsonObject[]>();
  /** Rows of the change under way, as they were before it. */
  #before = new Map<string, Map<string, JsonObject | undefined>>();
  #untold: RowChange[] = [];
  #knowledge: Knowledge = 'unknown';
  #told: Knowledge = 'unknown';
  #stirred = false;
  #version = 0;

  constructor({ tables, overlay, projected, rebase }: RowViewDeps, log: Log) {
    this.#tables = tables;
    this.#overlay = overlay;
    this.#projected = projected;
    this.#rebase = rebase;
    this.#changed = new Listeners(log);
  }

  get knowledge(): Knowledge {
    return this.#knowledge;
  }

  /** Grows with each change. */
  get version(): number {
    return this.#version;
  }

  get(entity: string, id: string): JsonObject | undefined {
    const layered = this.#layered.get(entity)?.get(id);
    return layered === undefined ? this.#tables.get(entity, id) : (layered ?? undefined);
  }

  /** In no particular order. The same array until a row of the entity changes; not to be written to. */
  list(entity: string): readonly JsonObject[] {
    let list = this.#lists.get(entity);
    if (!list) {
      list = this.#build(entity);
      this.#lists.set(entity, list);
    }
    return list;
  }

  subscribe(listener: (change: RowChange) => void): Cancel {
    return this.#changed.on(listener);
  }

  /** Edits tables, overlay and knowledge in `edit`, which touches each row before it edits it. */
  change(edit: () => void): void {
    edit();
    this.#rebase?.(this.#before);
    this.#commit();
  }

  touch(entity: string, id: string): void {
    let rows = this.#before.get(entity);
    if (!rows) {
      rows = new Map();
      this.#before.set(entity, rows);
    }
    if (!rows.has(id)) rows.set(id, this.get(entity, id));
  }

  touchAll(): void {
    for (const [entity, table] of this.#tables.entities()) {
      for (const id of table.keys()) this.touch(entity, id);
    }
    for (const [entity, rows] of this.#layered) {
      for (const id of rows.keys()) this.touch(entity, id);
    }
  }

  know(knowledge: Knowledge): void {
    this.#knowledge = knowledge;
  }

  /** Within a change: listeners are to be told even if no row changes. */
  stir(): void {
    this.#stirred = true;
  }

  #commit(): void {
    const change = new Map<string, Set<string>>();
    for (const [entity, rows] of this.#before) {
      const ids = new Set<string>();
      for (const [id, before] of rows) if (this.#settle(entity, id, before)) ids.add(id);
      if (ids.size > 0) {
        change.set(entity, ids);
        this.#lists.delete(entity);
      }
    }
    this.#before = new Map();
    if (change.size === 0 && this.#told === this.#knowledge && !this.#stirred) return;
    this.#stirred = false;
    this.#told = this.#knowledge;
    this.#version++;
    this.#tell(change);
  }

  /** Replays a row's layers; keeps the former object when the row is equal to it. True: it is another. */
  #settle(entity: string, id: string, before: JsonObject | undefined): boolean {
    const base = this.#tables.get(entity, id);
    const layers = this.#overlay.of(entity, id);
    let after = layers ? replay(base, layers, this.#projected) : base;
    const same = after === before || (before !== undefined && jsonEquals(before, after));
    if (same) after = before;
    if (layers) {
      let rows = this.#layered.get(entity);
      if (!rows) {
        rows = new Map();
        this.#layered.set(entity, rows);
      }
      rows.set(id, after ?? null);
    } else {
      this.#layered.get(entity)?.delete(id);
      if (after && after !== base) this.#tables.set(entity, id, after);
    }
    return !same;
  }

  #build(entity: string): JsonObject[] {
    const table = this.#tables.table(entity);
    const layered = this.#layered.get(entity);
    if (!layered || layered.size === 0) return [...table.values()];
    const list: JsonObject[] = [];
    for (const [id, row] of table) {
      const shown = layered.get(id);
      if (shown !== null) list.push(shown ?? row);
    }
    for (const [id, row] of layered) if (row && !table.has(id)) list.push(row);
    return list;
  }

  /** A listener may write: what it changes is told after what is being told. */
  #tell(change: RowChange): void {
    this.#untold.push(change);
    if (this.#untold.length > 1) return;
    for (let i = 0; i < this.#untold.length; i++) this.#changed.emit(this.#untold[i]!);
    this.#untold = [];
  }
}

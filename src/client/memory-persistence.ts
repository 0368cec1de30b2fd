/**
 * Persistence without a disk: for Node, for `persist: false`, and for simulations, where `snapshot` is what a
 * crash would leave behind and `before` runs ahead of each operation: to delay it, to fail it, or to crash.
 */
import { Fault } from '../base/fault.ts';
import type { JsonObject } from '../base/json.ts';
import type { Cursor } from '../protocol/row-batch.ts';
import type { DocChange, Persistence, RowChanges, StoredOp, StoredState } from './persistence.ts';

export type PersistenceOperation = 'load' | 'saveRows' | 'saveOp' | 'deleteOp' | 'loadDoc' | 'changeDocs';

/** All that is durable. */
export interface MemoryState {
  readonly owner: string | null;
  readonly cursor: Cursor | null;
  readonly rows: ReadonlyMap<string, ReadonlyMap<string, JsonObject>>;
  readonly ops: ReadonlyMap<string, StoredOp>;
  readonly docs: ReadonlyMap<string, Uint8Array>;
}

export interface MemoryPersistenceOptions {
  /** What an earlier life left. */
  readonly state?: MemoryState;
  /** Awaited ahead of each operation; what it throws, the operation throws, undone. */
  before?(operation: PersistenceOperation): void | Promise<void>;
}

export class MemoryPersistence implements Persistence {
  readonly #before: MemoryPersistenceOptions['before'];
  #owner: string | null;
  #cursor: Cursor | null;
  #rows: Map<string, Map<string, JsonObject>>;
  #ops: Map<string, StoredOp>;
  #docs: Map<string, Uint8Array>;
  #closed = false;

  constructor({ state, before }: MemoryPersistenceOptions = {}) {
    this.#before = before;
    this.#owner = state?.owner ?? null;
    this.#cursor = state?.cursor ?? null;
    this.#rows = copyRows(state?.rows ?? new Map());
    this.#ops = new Map(state?.ops);
    this.#docs = new Map(state?.docs);
  }

  /** What is durable at this moment. Give it to a new MemoryPersistence and close this one: a crash. */
  snapshot(): MemoryState {
    return {
      owner: this.#owner,
      cursor: this.#cursor,
      rows: copyRows(this.#rows),
      ops: new Map(this.#ops),
      docs: new Map(this.#docs),
    };
  }

  async load(owner: string): Promise<StoredState> {
    await this.#begin('load');
    if (this.#owner !== owner) {
      this.#owner = owner;
      this.#cursor = null;
      this.#rows = new Map();
      this.#ops = new Map();
      this.#docs = new Map();
    }
    const rows = [...this.#rows].flatMap(([entity, table]) =>
      [...table].map(([id, data]) => ({ entity, id, data })),
    );
    const ops = [...this.#ops.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    return { cursor: this.#cursor, rows, ops };
  }

  async saveRows(changes: RowChanges, cursor: Cursor | null): Promise<void> {
    await this.#begin('saveRows');
    if (changes.clear) this.#rows = new Map();
    for (const { entity, id, data } of changes.put) {
      let table = this.#rows.get(entity);
      if (!table) {
        table = new Map();
        this.#rows.set(entity, table);
      }
      table.set(id, data);
    }
    for (const { entity, id } of changes.delete) this.#rows.get(entity)?.delete(id);
    this.#cursor = cursor;
  }

  async saveOp(op: StoredOp): Promise<void> {
    await this.#begin('saveOp');
    this.#ops.set(op.id, op);
  }

  async deleteOp(id: string): Promise<void> {
    await this.#begin('deleteOp');
    this.#ops.delete(id);
  }

  async loadDoc(key: string): Promise<Uint8Array | null> {
    await this.#begin('loadDoc');
    return this.#docs.get(key)?.slice() ?? null;
  }

  async changeDocs(keys: readonly string[], change: DocChange): Promise<void> {
    await this.#begin('changeDocs');
    for (const [key, bytes] of change(keys.map((key) => this.#docs.get(key) ?? null))) {
      if (bytes) this.#docs.set(key, bytes.slice());
      else this.#docs.delete(key);
    }
  }

  close(): void {
    this.#closed = true;
  }

  async #begin(operation: PersistenceOperation): Promise<void> {
    await this.#before?.(operation);
    if (this.#closed) throw new Fault('storage', 'the persistence is closed');
    if (operation !== 'load' && this.#owner === null) throw new Fault('storage', 'nothing was loaded yet');
  }
}

function copyRows(rows: MemoryState['rows']): Map<string, Map<string, JsonObject>> {
  return new Map([...rows].map(([entity, table]) => [entity, new Map(table)]));
}

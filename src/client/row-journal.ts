/**
 * Writes what the engine holds through to its persistence, in the background. Row changes that arrive while
 * a save is under way are merged into the next one, each save being rows, then cursor, in one transaction. [S3]
 * All is kept for one owner at a time; nothing of one owner is saved for, or read by, the next. [S8]
 * When saving fails, rows and cursor stay as they were saved last (consistent, only older) and the engine
 * goes on in memory: the server has all that was acknowledged.
 */
import type { Log } from '../base/env.ts';
import { Fault } from '../base/fault.ts';
import type { JsonObject } from '../base/json.ts';
import { Lane } from '../base/lane.ts';
import type { Cursor } from '../protocol/row-batch.ts';
import type {
  DocChange,
  DocPersistence,
  Persistence,
  RowChanges,
  StoredOp,
  StoredState,
} from './persistence.ts';

/** Above any number of ops that a queue may hold. */
const MAX_TASKS = 100_000;

interface Unsaved {
  clear: boolean;
  /** null: deleted. */
  rows: Map<string, Map<string, JsonObject | null>>;
  cursor: Cursor | null;
}

/** Whose persistence this is, and whether rows are still saved. One object per owner: identity is the check. */
interface Owned {
  saving: boolean;
  flushQueued: boolean;
  readonly loaded: Promise<unknown>;
}

export class RowJournal implements DocPersistence {
  readonly #persistence: Persistence;
  readonly #log: Log;
  readonly #rowLane = new Lane(MAX_TASKS);
  readonly #opLane = new Lane(MAX_TASKS);
  #owned: Owned | undefined;
  #unsaved: Unsaved = nothingUnsaved();
  #waitingForOwner: (() => void)[] = [];

  constructor(persistence: Persistence, log: Log) {
    this.#persistence = persistence;
    this.#log = log;
  }

  /** Opens the persistence for an owner, emptying it if it was another's. Never rejects. */
  async open(owner: string): Promise<StoredState> {
    this.release();
    const loaded = this.#rowLane.run(async () => {
      await this.#opLane.idle();
      return this.#persistence.load(owner);
    });
    const owned: Owned = { saving: true, flushQueued: false, loaded };
    this.#owned = owned;
    for (const wake of this.#waitingForOwner.splice(0)) wake();
    try {
      return await loaded;
    } catch (error) {
      owned.saving = false;
      this.#log.warn('client.persistence', { doing: 'load', error });
      return { cursor: null, rows: [], ops: [] };
    }
  }

  /** There is no owner from now on; what is not saved yet is forgotten. */
  release(): void {
    this.#owned = undefined;
    this.#unsaved = nothingUnsaved();
  }

  /** Row changes take effect with the next `commit`. `null` is a deletion. */
  row(entity: string, id: string, data: JsonObject | null): void {
    let rows = this.#unsaved.rows.get(entity);
    if (!rows) {
      rows = new Map();
      this.#unsaved.rows.set(entity, rows);
    }
    rows.set(id, data);
  }

  /** All rows so far are void. */
  clear(): void {
    this.#unsaved = { ...nothingUnsaved(), clear: true };
  }

  commit(cursor: Cursor | null): void {
    const owned = this.#owned;
    if (!owned?.saving) {
      this.#unsaved = nothingUnsaved();
      return;
    }
    this.#unsaved.cursor = cursor;
    if (owned.flushQueued) return;
    owned.flushQueued = true;
    void this.#rowLane.run(() => this.#flush(owned));
  }

  /** Resolves when the op is durable, or when it is known that it cannot be. */
  saveOp(op: StoredOp): Promise<void> {
    return this.#op('save', () => this.#persistence.saveOp(op));
  }

  /** Not before the rows that cover it are durable: after a crash the op is seen, not missed. [S7] */
  deleteOp(id: string): Promise<void> {
    const rowsSaved = this.#rowLane.idle();
    return this.#op('delete', async () => {
      await rowsSaved;
      await this.#persistence.deleteOp(id);
    });
  }

  loadDoc(key: string): Promise<Uint8Array | null> {
    return this.#doc(() => this.#persistence.loadDoc(key));
  }

  changeDocs(keys: readonly string[], change: DocChange): Promise<void> {
    return this.#doc(() => this.#persistence.changeDocs(keys, change));
  }

  /** Saves what is left, then closes the persistence. */
  async close(): Promise<void> {
    await this.#rowLane.idle();
    await this.#opLane.idle();
    this.#owned = undefined;
    for (const wake of this.#waitingForOwner.splice(0)) wake();
    this.#persistence.close();
  }

  async #flush(owned: Owned): Promise<void> {
    owned.flushQueued = false;
    if (this.#owned !== owned || !owned.saving) return;
    const { clear, rows, cursor } = this.#unsaved;
    this.#unsaved = nothingUnsaved();
    const changes: RowChanges = { put: [], delete: [], clear };
    for (const [entity, table] of rows) {
      for (const [id, data] of table) {
        if (data) changes.put.push({ entity, id, data });
        else changes.delete.push({ entity, id });
      }
    }
    try {
      await this.#persistence.saveRows(changes, cursor);
    } catch (error) {
      owned.saving = false;
      this.#log.warn('client.persistence', { doing: 'rows', error });
    }
  }

  async #op(doing: string, task: () => Promise<void>): Promise<void> {
    const owned = this.#owned;
    await this.#opLane
      .run(async () => {
        await owned?.loaded.catch(() => {});
        if (owned && this.#owned === owned) await task();
      })
      .catch((error: unknown) => this.#log.warn('client.persistence', { doing, error }));
  }

  /** Waits for an owner. A task that was asked for under another owner is refused. */
  async #doc<T>(task: () => Promise<T>): Promise<T> {
    if (!this.#owned) await new Promise<void>((resolve) => this.#waitingForOwner.push(resolve));
    const owned = this.#owned;
    await owned?.loaded;
    if (!owned || this.#owned !== owned) throw new Fault('cancelled', 'the owner changed');
    return task();
  }
}

function nothingUnsaved(): Unsaved {
  return { clear: false, rows: new Map(), cursor: null };
}

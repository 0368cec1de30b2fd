/**
 * Persistence in IndexedDB. Stores: `copies` and `entities` (rows, see idb-rows.ts), `cursors` (`cursor` and
 * `owner`), `pendingMutations` (key op id), `docs`. Rows and cursor are one transaction, durable together. [S3]
 *
 * Several pages may share the database. A page writes rows only if no other is ahead of it (that one's rows
 * cover its own) and none has left it behind a gap; ops and documents carry their owner, so a page that has
 * not noticed a change of identity yet leaves nothing that the new identity would see. [S8]
 */
import { type DBSchema, type IDBPDatabase, openDB, unwrap } from 'idb';
import { Fault } from '../base/fault.ts';
import type { Cursor } from '../protocol/row-batch.ts';
import { type ChangedRow, MAX_CHANGED_ROWS, mergeRows, rowStores, writeCopy, writeRows } from './idb-rows.ts';
import type { DocChange, Persistence, RowChanges, StoredOp, StoredRow, StoredState } from './persistence.ts';

interface Database extends DBSchema {
  copies: { key: number; value: StoredRow[] };
  entities: { key: string; value: ChangedRow };
  cursors: { key: 'cursor' | 'owner'; value: { epoch: string; last_seq: number } | { owner: string } };
  pendingMutations: { key: string; value: StoredOp & { owner: string } };
  docs: { key: string; value: { owner: string; bytes: Uint8Array } };
}

const STORES = ['copies', 'entities', 'cursors', 'pendingMutations', 'docs'] as const;
/** 2: `copies`; 1 had its rows in `entities` alone, which is read the same. */
const VERSION = 2;

export class IdbPersistence implements Persistence {
  readonly #name: string;
  #db: Promise<IDBPDatabase<Database>> | undefined;
  #owner: string | undefined;
  /** What this page loaded or saved last. */
  #cursor: Cursor | null = null;

  /** One database per name: the app's, so that two apps of one origin stay apart. */
  constructor(appName: string) {
    this.#name = `ternion:${appName}`;
  }

  /** Whose the database is; null: nobody's yet. */
  async owner(): Promise<string | null> {
    const db = await this.#open();
    const stored = await db.get('cursors', 'owner');
    return stored && 'owner' in stored ? stored.owner : null;
  }

  async load(owner: string): Promise<StoredState> {
    const db = await this.#open();
    const tx = db.transaction(STORES, 'readwrite');
    const cursors = tx.objectStore('cursors');
    const former = await cursors.get('owner');
    if (!former || !('owner' in former) || former.owner !== owner) {
      for (const name of STORES) void tx.objectStore(name).clear();
      void cursors.put({ owner }, 'owner');
    }
    const [at, copies, changed, ops] = await Promise.all([
      cursors.get('cursor'),
      tx.objectStore('copies').getAll(),
      tx.objectStore('entities').getAll(),
      tx.objectStore('pendingMutations').getAll(),
    ]);
    const rows = mergeRows({ copies, changed });
    if (changed.length > MAX_CHANGED_ROWS) {
      // What is read is right without it, so nobody waits for it, and it may fail.
      writeCopy(rowStores(unwrap(tx)), rows);
      tx.done.catch(() => {});
    } else {
      await tx.done;
    }
    this.#owner = owner;
    this.#cursor = at && 'epoch' in at ? { epoch: at.epoch, seq: at.last_seq } : null;
    return {
      cursor: this.#cursor,
      rows,
      ops: ops.filter((op) => op.owner === owner).map(({ owner: _, ...op }) => op),
    };
  }

  async saveRows(changes: RowChanges, cursor: Cursor | null): Promise<void> {
    const db = await this.#open();
    const tx = db.transaction(['copies', 'entities', 'cursors'], 'readwrite');
    const cursors = tx.objectStore('cursors');
    const [owner, at] = await Promise.all([cursors.get('owner'), cursors.get('cursor')]);
    if (!owner || !('owner' in owner) || owner.owner !== this.#owner) {
      throw new Fault('storage', 'another page has taken the database for another identity');
    }
    const stored = at && 'epoch' in at ? { epoch: at.epoch, seq: at.last_seq } : null;
    const from = this.#cursor;
    this.#cursor = cursor;
    if (!changes.clear) {
      if (cursor && isAhead(stored, cursor)) return tx.done;
      if (!isAhead(stored, from)) throw new Fault('storage', 'rows of another page leave a gap');
    }
    try {
      writeRows(rowStores(unwrap(tx)), changes, cursor?.seq ?? 0);
      if (cursor) void cursors.put({ epoch: cursor.epoch, last_seq: cursor.seq }, 'cursor');
      else void cursors.delete('cursor');
    } catch (error) {
      tx.done.catch(() => {});
      tx.abort();
      throw error;
    }
    await tx.done;
  }

  async saveOp(op: StoredOp): Promise<void> {
    const db = await this.#open();
    await db.put('pendingMutations', { ...op, owner: this.#ownerNow() }, op.id);
  }

  async deleteOp(id: string): Promise<void> {
    const db = await this.#open();
    await db.delete('pendingMutations', id);
  }

  async loadDoc(key: string): Promise<Uint8Array | null> {
    const db = await this.#open();
    const doc = await db.get('docs', key);
    return doc && doc.owner === this.#ownerNow() ? doc.bytes : null;
  }

  async changeDocs(keys: readonly string[], change: DocChange): Promise<void> {
    const owner = this.#ownerNow();
    const db = await this.#open();
    const tx = db.transaction('docs', 'readwrite');
    const found = await Promise.all(keys.map((key) => tx.store.get(key)));
    try {
      const changed = change(found.map((doc) => (doc?.owner === owner ? doc.bytes : null)));
      for (const [key, bytes] of changed) {
        if (bytes) void tx.store.put({ owner, bytes }, key);
        else void tx.store.delete(key);
      }
    } catch (error) {
      tx.done.catch(() => {});
      tx.abort();
      throw error;
    }
    await tx.done;
  }

  close(): void {
    const db = this.#db;
    this.#db = Promise.reject(new Fault('storage', 'the persistence is closed'));
    this.#db.catch(() => {});
    void db?.then((open) => open.close()).catch(() => {});
  }

  #open(): Promise<IDBPDatabase<Database>> {
    this.#db ??= openDB<Database>(this.#name, VERSION, {
      upgrade: (db) => {
        for (const name of STORES) if (!db.objectStoreNames.contains(name)) db.createObjectStore(name);
      },
      // A newer page wants to upgrade: it must not wait for this one.
      blocking: () => this.close(),
      terminated: () => this.close(),
    });
    return this.#db;
  }

  #ownerNow(): string {
    if (this.#owner === undefined) throw new Fault('storage', 'nothing was loaded yet');
    return this.#owner;
  }
}

/** Whether what stands at `a` holds all that stands at `b`. */
function isAhead(a: Cursor | null, b: Cursor | null): boolean {
  return b === null || (a !== null && a.epoch === b.epoch && a.seq >= b.seq);
}

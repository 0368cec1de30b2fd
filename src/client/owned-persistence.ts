/**
 * The database of an app belongs to one owner. [S8] While pages of its owner live, a page of another one does not
 * open it and keeps what it has in memory; else it takes the database over, which empties it. Made by
 * create-sync-engine.ts. Loads of all pages come one after another, so two owners never take it at once.
 */

import type { Cursor } from '../protocol/row-batch.ts';
import { MemoryPersistence } from './memory-persistence.ts';
import type { OwnerLocks } from './owner-locks.ts';
import type { DocChange, Persistence, RowChanges, StoredOp, StoredState } from './persistence.ts';

export interface OwnedDatabase extends Persistence {
  /** Whose the database is; null: nobody's yet. */
  owner(): Promise<string | null>;
}

export class OwnedPersistence implements Persistence {
  readonly #disk: OwnedDatabase;
  readonly #locks: OwnerLocks;
  #used: Persistence;
  #release: (() => void) | undefined;
  #closed = false;

  constructor(disk: OwnedDatabase, locks: OwnerLocks) {
    this.#disk = disk;
    this.#locks = locks;
    this.#used = disk;
  }

  load(owner: string): Promise<StoredState> {
    return this.#locks.alone(async () => {
      this.#letGo();
      const former = await this.#disk.owner();
      const isTaken = former !== null && former !== owner && (await this.#locks.isHeld(former));
      const release = await this.#locks.hold(owner);
      if (this.#closed) release();
      else this.#release = release;
      this.#used = isTaken ? new MemoryPersistence() : this.#disk;
      return this.#used.load(owner);
    });
  }

  saveRows(changes: RowChanges, cursor: Cursor | null): Promise<void> {
    return this.#used.saveRows(changes, cursor);
  }

  saveOp(op: StoredOp): Promise<void> {
    return this.#used.saveOp(op);
  }

  deleteOp(id: string): Promise<void> {
    return this.#used.deleteOp(id);
  }

  loadDoc(key: string): Promise<Uint8Array | null> {
    return this.#used.loadDoc(key);
  }

  changeDocs(keys: readonly string[], change: DocChange): Promise<void> {
    return this.#used.changeDocs(keys, change);
  }

  close(): void {
    this.#closed = true;
    this.#letGo();
    this.#used.close();
    this.#disk.close();
  }

  #letGo(): void {
    this.#release?.();
    this.#release = undefined;
  }
}

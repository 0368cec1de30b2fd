/**
 * Documents in SQL: a snapshot and the updates after it, the epoch, the revision, and who holds which peer
 * id. Written in the store's group commits, so one disk flush pays for many documents. [D2] Large bytes are read and
 * written in parts (blob-parts.ts); what stands in a row is there wholly or not at all.
 * An epoch names one life of a document: a row made anew under an old id has another. Nothing is written
 * for a document before somebody may edit it.
 */
import type { PeerID } from 'loro-crdt';
import type { Env } from '../../src/base/env.ts';
import { Fault } from '../../src/base/fault.ts';
import type { JsonObject } from '../../src/base/json.ts';
import { DOC_REV } from '../../src/schema/field.ts';
import { quote } from '../../src/store/ddl.ts';
import type { Store } from '../../src/store/store.ts';
import type { Transaction } from '../../src/store/transaction.ts';
import type { DocRef } from '../core/doc-ref.ts';
import { type BlobOptions, BlobParts } from './blob-parts.ts';
import { DOCUMENT_TABLES, widenDocTables } from './doc-tables.ts';
import { type Held, loadHead, type StoredDoc } from './stored-doc.ts';

/** As it stands in a row. */
export interface Placed {
  /** Empty when they are in parts. */
  readonly bytes: Uint8Array;
  /** Names the parts. */
  readonly blob?: string;
}

export interface LogEntry extends Placed {
  readonly epoch: string;
  /** Written in the same transaction. */
  readonly also?: ((tx: Transaction, rev: number) => Promise<void>) | undefined;
}

export type LogEntries = Pick<LogEntry, 'epoch' | 'also'> & { readonly updates: readonly Uint8Array[] };

/** The whole document up to `rev`: takes the place of all updates so far. */
export interface LogSnapshot extends Placed {
  readonly epoch: string;
  readonly rev: number;
}

export interface NewLease {
  readonly epoch: string;
  readonly peers: readonly PeerID[];
  readonly owner: string;
}

const NO_BYTES = new Uint8Array(0);
/** A document that is compacted or cleaned just while it is read is read again so often. */
const MAX_LOADS = 10;

export class UpdateLog {
  readonly #store: Store;
  readonly #parts: BlobParts;

  constructor(env: Env, store: Store, options: BlobOptions) {
    this.#store = store;
    this.#parts = new BlobParts(env, store, options);
  }

  /** Brings the tables of an earlier version up to date. */
  async open(): Promise<void> {
    await this.#store.write(({ tx }) => widenDocTables(tx));
  }

  /** Deletes parts that a crash has left, or a change of this document has left behind. */
  sweep(ref?: DocRef): Promise<void> {
    return this.#parts.sweep(ref);
  }

  /** The row and its document, of one moment; null when there is no such row. */
  async load(ref: DocRef): Promise<{ row: JsonObject; stored: StoredDoc } | null> {
    for (let n = 0; n < MAX_LOADS; n++) {
      const found = await this.#store.read(async (source) => {
        const row = await source.get(ref.entity, ref.id);
        return row && { row, head: await loadHead(source, ref) };
      });
      if (!found) return null;
      const { snapshot, updates, ...head } = found.head;
      const wholes: Uint8Array[] = [];
      for (const held of snapshot ? [snapshot, ...updates] : updates) {
        const whole = await this.#whole(ref, held);
        if (!whole) break;
        wholes.push(whole);
      }
      if (wholes.length < updates.length + (snapshot ? 1 : 0)) continue; // it has other parts now
      const first = snapshot ? wholes.shift()! : null;
      return { row: found.row, stored: { ...head, snapshot: first, updates: wholes } };
    }
    throw new Fault('storage', 'parts of a document are missing');
  }

  async #whole(ref: DocRef, held: Held): Promise<Uint8Array | null> {
    return held instanceof Uint8Array ? held : this.#parts.read(ref, held.blob, held.sizeBytes);
  }

  /**
   * Large bytes are written in parts first, in transactions of their own; `work` puts what it is given into a row. No
   * part stays that no row refers to.
   */
  async placed<T>(ref: DocRef, bytes: Uint8Array, work: (placed: Placed) => Promise<T>): Promise<T> {
    if (!this.#parts.isLarge(bytes)) return work({ bytes });
    return this.#parts.write(ref, bytes, (blob) => work({ bytes: NO_BYTES, blob }));
  }

  /** Each update is a revision; resolves to the last one, after the commit of all. Throws as `appendWithin`. */
  append(ref: DocRef, { epoch, updates, also }: LogEntries): Promise<number> {
    return this.#placedAll(ref, updates, async (all) => {
      const { value } = await this.#store.write(async ({ tx }) => {
        let rev = 0;
        for (const [i, placed] of all.entries())
          rev = await this.appendWithin(tx, ref, { epoch, ...placed, also: i === 0 ? also : undefined });
        return rev;
      });
      return value;
    });
  }

  #placedAll<T>(
    ref: DocRef,
    [next, ...others]: readonly Uint8Array[],
    work: (all: readonly Placed[]) => Promise<T>,
  ): Promise<T> {
    if (!next) return work([]);
    return this.placed(ref, next, (placed) =>
      this.#placedAll(ref, others, (rest) => work([placed, ...rest])),
    );
  }

  /**
   * Appends in a transaction of the caller's, and returns the revision: whoever commits first has the lower one.
   * The live document, if there is one, must hear of it after the commit (DocHub.adopt), or it ends. Throws
   * `not_found` when the row is gone, `stale_cursor` when the document was made anew.
   */
  async appendWithin(tx: Transaction, ref: DocRef, { epoch, bytes, blob, also }: LogEntry): Promise<number> {
    const key = [ref.entity, ref.id];
    const counted = await tx.run(
      `INSERT INTO _doc_meta (entity, id, epoch, rev)
        SELECT ?, ?, ?, 1 WHERE EXISTS (SELECT 1 FROM ${quote(ref.entity)} WHERE "id" = ?)
        ON CONFLICT (entity, id) DO UPDATE SET rev = rev + 1 WHERE epoch = excluded.epoch`,
      [...key, epoch, ref.id],
    );
    if (counted === 0) {
      await requireRow(tx, ref);
      throw new Fault('stale_cursor', 'the document was made anew');
    }
    const [row] = await tx.all(
      `INSERT INTO _doc_updates (entity, id, rev, bytes, blob)
        SELECT entity, id, rev, ?, ? FROM _doc_meta WHERE entity = ? AND id = ? RETURNING rev`,
      [bytes, blob ?? null, ...key],
    );
    const rev = Number(row?.rev);
    if (also) await also(tx, rev);
    return rev;
  }

  /** Puts a snapshot in the place of the updates it holds. False: the document has been made anew meanwhile. */
  async compact(ref: DocRef, snapshot: LogSnapshot): Promise<boolean> {
    const kept = await this.placed(ref, snapshot.bytes, async (placed) => {
      const { value } = await this.#store.write(({ tx }) =>
        this.compactWithin(tx, ref, { ...snapshot, ...placed }),
      );
      return value;
    });
    await this.sweep(ref);
    return kept;
  }

  /** As `compact`, in a transaction of the caller's, who sweeps after it. */
  async compactWithin(
    tx: Transaction,
    ref: DocRef,
    { epoch, rev, bytes, blob }: LogSnapshot,
  ): Promise<boolean> {
    const key = [ref.entity, ref.id];
    const kept = await tx.run(
      `INSERT INTO _doc_snapshots (entity, id, rev, bytes, blob)
        SELECT entity, id, ?, ?, ? FROM _doc_meta WHERE entity = ? AND id = ? AND epoch = ?
        ON CONFLICT (entity, id)
          DO UPDATE SET rev = excluded.rev, bytes = excluded.bytes, blob = excluded.blob
          WHERE rev <= excluded.rev`,
      [rev, bytes, blob ?? null, ...key, epoch],
    );
    if (kept === 0) return false;
    await tx.run('DELETE FROM _doc_updates WHERE entity = ? AND id = ? AND rev <= ?', [...key, rev]);
    return true;
  }

  /** Binds peer ids to an owner, and with them fixes the document's epoch. */
  async lease(ref: DocRef, lease: NewLease): Promise<void> {
    await this.#store.write(async ({ tx }) => {
      await requireRow(tx, ref);
      await this.leaseWithin(tx, ref, lease);
    });
  }

  /** As `lease`, in a transaction of the caller's, who knows that the row is there. */
  async leaseWithin(tx: Transaction, ref: DocRef, { epoch, peers, owner }: NewLease): Promise<void> {
    const key = [ref.entity, ref.id];
    await tx.run('INSERT OR IGNORE INTO _doc_meta (entity, id, epoch, rev) VALUES (?, ?, ?, 0)', [
      ...key,
      epoch,
    ]);
    for (const peer of peers) {
      const sql = 'INSERT INTO _doc_peers (entity, id, peer, owner) VALUES (?, ?, ?, ?)';
      await tx.run(sql, [...key, peer, owner]);
    }
  }

  /**
   * Writes the columns that the document gives the row, and the revision that they show, in one change. A row that
   * is gone is left alone. [D11]
   */
  async project(ref: DocRef, rev: number, columns: JsonObject): Promise<void> {
    await this.#store.write(async ({ tx }) => {
      if (!(await hasRow(tx, ref))) return;
      await tx.update(ref.entity, ref.id, { ...columns, [DOC_REV]: rev });
    });
  }

  /** Forgets the documents of rows that are gone; one whose row was made anew stays gone as well. */
  async remove(refs: readonly DocRef[]): Promise<void> {
    await this.#store.write(async ({ tx }) => {
      for (const { entity, id } of refs) {
        for (const table of DOCUMENT_TABLES)
          await tx.run(`DELETE FROM ${table} WHERE entity = ? AND id = ?`, [entity, id]);
      }
    });
    for (const ref of refs) await this.sweep(ref);
  }

  /** Documents without a row: a crash came between the row's end and theirs. */
  async orphans(entities: readonly string[]): Promise<DocRef[]> {
    return this.#store.read(async (snapshot) => {
      const found: DocRef[] = [];
      for (const entity of entities) {
        const rows = await snapshot.all(
          `SELECT id FROM _doc_meta WHERE entity = ? AND id NOT IN (SELECT id FROM ${quote(entity)})`,
          [entity],
        );
        found.push(...rows.map((row) => ({ entity, id: String(row.id) })));
      }
      return found;
    });
  }

  /** Documents of this entity whose row does not show their last revision. */
  async unprojected(entity: string, limit: number): Promise<DocRef[]> {
    const rows = await this.#store.read((snapshot) =>
      snapshot.all(
        `SELECT m.id FROM _doc_meta m JOIN ${quote(entity)} r ON r."id" = m.id
          WHERE m.entity = ? AND r.${quote(DOC_REV)} < m.rev LIMIT ?`,
        [entity, limit],
      ),
    );
    return rows.map(({ id }) => ({ entity, id: String(id) }));
  }
}

async function hasRow(tx: Transaction, { entity, id }: DocRef): Promise<boolean> {
  return (await tx.all(`SELECT 1 FROM ${quote(entity)} WHERE "id" = ?`, [id])).length > 0;
}

async function requireRow(tx: Transaction, ref: DocRef): Promise<void> {
  if (!(await hasRow(tx, ref))) throw new Fault('not_found', `no ${ref.entity} ${ref.id}`);
}

/**
 * Documents in SQL: a snapshot and the updates after it, the epoch, the revision, and who holds which peer
 * id. Written in the store's group commits, so one disk flush pays for many documents. [D2]
 * An epoch names one life of a document: a row made anew under an old id has another. Nothing is written
 * for a document before somebody may edit it.
 */
import type { PeerID } from 'loro-crdt';
import { Fault } from '../../src/base/fault.ts';
import type { JsonObject } from '../../src/base/json.ts';
import { DOC_REV } from '../../src/schema/field.ts';
import { quote } from '../../src/store/ddl.ts';
import type { SqlRow, SqlValue } from '../../src/store/sql-driver.ts';
import type { Snapshot, Store } from '../../src/store/store.ts';
import type { Transaction } from '../../src/store/transaction.ts';
import type { DocRef } from '../core/doc-ref.ts';

export const DOC_TABLES = [
  `CREATE TABLE IF NOT EXISTS _doc_meta (entity TEXT NOT NULL, id TEXT NOT NULL, epoch TEXT NOT NULL,
    rev INTEGER NOT NULL, projected INTEGER NOT NULL, PRIMARY KEY (entity, id)) STRICT, WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS _doc_snapshots (entity TEXT NOT NULL, id TEXT NOT NULL, rev INTEGER NOT NULL,
    bytes BLOB NOT NULL, PRIMARY KEY (entity, id)) STRICT`,
  `CREATE TABLE IF NOT EXISTS _doc_updates (entity TEXT NOT NULL, id TEXT NOT NULL, rev INTEGER NOT NULL,
    bytes BLOB NOT NULL, PRIMARY KEY (entity, id, rev)) STRICT`,
  `CREATE TABLE IF NOT EXISTS _doc_peers (entity TEXT NOT NULL, id TEXT NOT NULL, peer TEXT NOT NULL,
    owner TEXT NOT NULL, PRIMARY KEY (entity, id, peer)) STRICT, WITHOUT ROWID`,
];
// `projected` of _doc_meta is 0 since rows have a docRev, which says the same.
const TABLES = [
  '_doc_meta',
  '_doc_snapshots',
  '_doc_updates',
  '_doc_peers',
  '_doc_history',
  '_doc_names',
  '_doc_devices',
  '_doc_trims',
];

export interface StoredDoc {
  /** Null when nothing was ever written. */
  readonly epoch: string | null;
  readonly rev: number;
  readonly snapshot: Uint8Array | null;
  /** Those after the snapshot. */
  readonly updates: readonly Uint8Array[];
  readonly peers: ReadonlyMap<PeerID, string>;
}

export interface LogEntry {
  readonly epoch: string;
  readonly bytes: Uint8Array;
  /** Written in the same transaction. */
  readonly also?: ((tx: Transaction, rev: number) => Promise<void>) | undefined;
}

/** The whole document up to `rev`: takes the place of all updates so far. */
export interface LogSnapshot {
  readonly epoch: string;
  readonly bytes: Uint8Array;
  readonly rev: number;
}

export interface NewLease {
  readonly epoch: string;
  readonly peers: readonly PeerID[];
  readonly owner: string;
}

/** A snapshot of the database, or a transaction. */
export type LogSource = Pick<Snapshot, 'all'>;

export class UpdateLog {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** The row and its document, of one moment; null when there is no such row. */
  load(ref: DocRef): Promise<{ row: JsonObject; stored: StoredDoc } | null> {
    return this.#store.read(async (snapshot) => {
      const row = await snapshot.get(ref.entity, ref.id);
      return row && { row, stored: await loadStored(snapshot, ref) };
    });
  }

  /** Resolves to the update's revision, after the commit. Throws as `appendWithin`. */
  async append(ref: DocRef, entry: LogEntry): Promise<number> {
    const { value } = await this.#store.write(({ tx }) => this.appendWithin(tx, ref, entry));
    return value;
  }

  /**
   * Appends in a transaction of the caller's, and returns the revision: whoever commits first has the lower one.
   * The live document, if there is one, must hear of it after the commit (DocHub.adopt), or it ends. Throws
   * `not_found` when the row is gone, `stale_cursor` when the document was made anew.
   */
  async appendWithin(tx: Transaction, ref: DocRef, { epoch, bytes, also }: LogEntry): Promise<number> {
    const key = [ref.entity, ref.id];
    const counted = await tx.run(
      `INSERT INTO _doc_meta (entity, id, epoch, rev, projected)
        SELECT ?, ?, ?, 1, 0 WHERE EXISTS (SELECT 1 FROM ${quote(ref.entity)} WHERE "id" = ?)
        ON CONFLICT (entity, id) DO UPDATE SET rev = rev + 1 WHERE epoch = excluded.epoch`,
      [...key, epoch, ref.id],
    );
    if (counted === 0) {
      await requireRow(tx, ref);
      throw new Fault('stale_cursor', 'the document was made anew');
    }
    const [row] = await tx.all(
      `INSERT INTO _doc_updates (entity, id, rev, bytes)
        SELECT entity, id, rev, ? FROM _doc_meta WHERE entity = ? AND id = ? RETURNING rev`,
      [bytes, ...key],
    );
    const rev = Number(row?.rev);
    if (also) await also(tx, rev);
    return rev;
  }

  /** Puts a snapshot in the place of the updates it holds. False: the document has been made anew meanwhile. */
  async compact(ref: DocRef, snapshot: LogSnapshot): Promise<boolean> {
    const { value } = await this.#store.write(({ tx }) => this.compactWithin(tx, ref, snapshot));
    return value;
  }

  /** As `compact`, in a transaction of the caller's. */
  async compactWithin(tx: Transaction, ref: DocRef, { epoch, rev, bytes }: LogSnapshot): Promise<boolean> {
    const key = [ref.entity, ref.id];
    const kept = await tx.run(
      `INSERT INTO _doc_snapshots (entity, id, rev, bytes)
        SELECT entity, id, ?, ? FROM _doc_meta WHERE entity = ? AND id = ? AND epoch = ?
        ON CONFLICT (entity, id) DO UPDATE SET rev = excluded.rev, bytes = excluded.bytes
          WHERE rev <= excluded.rev`,
      [rev, bytes, ...key, epoch],
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
    await tx.run(
      'INSERT OR IGNORE INTO _doc_meta (entity, id, epoch, rev, projected) VALUES (?, ?, ?, 0, 0)',
      [...key, epoch],
    );
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
        for (const table of TABLES)
          await tx.run(`DELETE FROM ${table} WHERE entity = ? AND id = ?`, [entity, id]);
      }
    });
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

/** One document, of one moment. */
export async function loadStored(snapshot: LogSource, ref: DocRef): Promise<StoredDoc> {
  const key: SqlValue[] = [ref.entity, ref.id];
  const where = 'WHERE entity = ? AND id = ?';
  const [meta] = await snapshot.all(`SELECT epoch, rev FROM _doc_meta ${where}`, key);
  const [base] = await snapshot.all(`SELECT bytes FROM _doc_snapshots ${where}`, key);
  const tail = await snapshot.all(`SELECT bytes FROM _doc_updates ${where} ORDER BY rev`, key);
  const peers = await snapshot.all(`SELECT peer, owner FROM _doc_peers ${where}`, key);
  return {
    epoch: meta ? String(meta.epoch) : null,
    rev: Number(meta?.rev ?? 0),
    snapshot: base ? bytesOf(base) : null,
    updates: tail.map(bytesOf),
    peers: new Map(peers.map((row) => [peerOf(row), String(row.owner)])),
  };
}

function bytesOf(row: SqlRow): Uint8Array {
  if (row.bytes instanceof Uint8Array) return row.bytes;
  throw new Fault('storage', 'a document update that is no blob');
}

function peerOf(row: SqlRow): PeerID {
  return `${BigInt(String(row.peer))}` as PeerID;
}

async function hasRow(tx: Transaction, { entity, id }: DocRef): Promise<boolean> {
  return (await tx.all(`SELECT 1 FROM ${quote(entity)} WHERE "id" = ?`, [id])).length > 0;
}

async function requireRow(tx: Transaction, ref: DocRef): Promise<void> {
  if (!(await hasRow(tx, ref))) throw new Fault('not_found', `no ${ref.entity} ${ref.id}`);
}

/**
 * What was taken out of documents because it made them trap, kept for the operator to look at, to release or to
 * delete. Written in the transaction that puts the clean document in the place of the old one (cleaner.ts), so that no
 * byte is in both or in neither. Bounded: the oldest entries go first. [D3]
 */
import { Fault } from '../../src/base/fault.ts';
import type { SqlRow } from '../../src/store/sql-driver.ts';
import type { Store } from '../../src/store/store.ts';
import type { Transaction } from '../../src/store/transaction.ts';
import type { DocRef } from '../core/doc-ref.ts';
import type { Reason } from './sift.ts';

export const QUARANTINE_TABLE = `CREATE TABLE IF NOT EXISTS _doc_quarantine (n INTEGER PRIMARY KEY AUTOINCREMENT,
  entity TEXT NOT NULL, id TEXT NOT NULL, rev INTEGER NOT NULL, owner TEXT NOT NULL, reason TEXT NOT NULL,
  at INTEGER NOT NULL, bytes BLOB NOT NULL) STRICT`;

export interface QuarantineOptions {
  /** Entries in the quarantine of all documents; with one more the oldest is deleted. */
  maxQuarantined: number;
  /** Bytes in the quarantine of all documents; the oldest entries are deleted until it fits. */
  maxQuarantinedBytes: number;
}

/** Operations of one author that were taken out of a document. */
export interface Quarantined {
  readonly n: number;
  readonly entity: string;
  readonly id: string;
  /** The revision of the document that brought them. */
  readonly rev: number;
  /** `user:<id>`, `anonymous`, `server`, or `unknown`. */
  readonly owner: string;
  /** `trap` and `refused`: they are bad. `builds_on`: they are not, but what they build on is. */
  readonly reason: Reason;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly sizeBytes: number;
}

export type NewEntry = Pick<Quarantined, 'rev' | 'owner' | 'reason'> & { readonly bytes: Uint8Array };

const COLUMNS = 'n, entity, id, rev, owner, reason, at, length(bytes) AS size';

export class Quarantine {
  readonly #store: Store;
  readonly #options: QuarantineOptions;

  constructor(store: Store, options: QuarantineOptions) {
    this.#store = store;
    this.#options = options;
  }

  /** Newest first. */
  async list(limit = 100): Promise<Quarantined[]> {
    const rows = await this.#store.read((snapshot) =>
      snapshot.all(`SELECT ${COLUMNS} FROM _doc_quarantine ORDER BY n DESC LIMIT ?`, [limit]),
    );
    return rows.map(entryOf);
  }

  /** Throws `not_found`. */
  async read(n: number): Promise<Quarantined & { readonly bytes: Uint8Array }> {
    const [row] = await this.#store.read((snapshot) =>
      snapshot.all(`SELECT ${COLUMNS}, bytes FROM _doc_quarantine WHERE n = ?`, [n]),
    );
    if (!row || !(row.bytes instanceof Uint8Array))
      throw new Fault('not_found', `no entry ${n} in quarantine`);
    return { ...entryOf(row), bytes: row.bytes };
  }

  async delete(n: number): Promise<void> {
    await this.#store.write(({ tx }) => tx.run('DELETE FROM _doc_quarantine WHERE n = ?', [n]));
  }

  /** Within the transaction that takes them out of the document. */
  async add(tx: Transaction, ref: DocRef, entries: readonly NewEntry[]): Promise<void> {
    for (const { rev, owner, reason, bytes } of entries) {
      await tx.run(
        'INSERT INTO _doc_quarantine (entity, id, rev, owner, reason, at, bytes) VALUES (?, ?, ?, ?, ?, ?, ?)',
        [ref.entity, ref.id, rev, owner, reason, this.#store.now(), bytes],
      );
    }
    const { maxQuarantined, maxQuarantinedBytes } = this.#options;
    const sizes = await tx.all('SELECT n, length(bytes) AS size FROM _doc_quarantine ORDER BY n DESC');
    let sizeBytes = 0;
    for (const [i, { n, size }] of sizes.entries()) {
      sizeBytes += Number(size);
      if (i < maxQuarantined && sizeBytes <= maxQuarantinedBytes) continue;
      await tx.run('DELETE FROM _doc_quarantine WHERE n <= ?', [n!]);
      return;
    }
  }
}

function entryOf(row: SqlRow): Quarantined {
  return {
    n: Number(row.n),
    entity: String(row.entity),
    id: String(row.id),
    rev: Number(row.rev),
    owner: String(row.owner),
    reason: row.reason === 'trap' || row.reason === 'refused' ? row.reason : 'builds_on',
    at: Number(row.at),
    sizeBytes: Number(row.size),
  };
}

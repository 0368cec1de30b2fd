/**
 * The tables of documents, and what leads there from those of earlier versions. `bytes` of a snapshot or an update are
 * empty when they are in parts: `blob` names them then (blob-parts.ts).
 */
import type { Transaction } from '../../src/store/transaction.ts';

export const DOC_TABLES = [
  `CREATE TABLE IF NOT EXISTS _doc_meta (entity TEXT NOT NULL, id TEXT NOT NULL, epoch TEXT NOT NULL,
    rev INTEGER NOT NULL, PRIMARY KEY (entity, id)) STRICT, WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS _doc_snapshots (entity TEXT NOT NULL, id TEXT NOT NULL, rev INTEGER NOT NULL,
    bytes BLOB NOT NULL, blob TEXT, PRIMARY KEY (entity, id)) STRICT`,
  `CREATE TABLE IF NOT EXISTS _doc_updates (entity TEXT NOT NULL, id TEXT NOT NULL, rev INTEGER NOT NULL,
    bytes BLOB NOT NULL, blob TEXT, PRIMARY KEY (entity, id, rev)) STRICT`,
  `CREATE TABLE IF NOT EXISTS _doc_parts (entity TEXT NOT NULL, id TEXT NOT NULL, blob TEXT NOT NULL,
    n INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (entity, id, blob, n)) STRICT`,
  `CREATE TABLE IF NOT EXISTS _doc_peers (entity TEXT NOT NULL, id TEXT NOT NULL, peer TEXT NOT NULL,
    owner TEXT NOT NULL, PRIMARY KEY (entity, id, peer)) STRICT, WITHOUT ROWID`,
];

/** Those with rows of one document, but for its parts: nobody refers to them when these are gone. */
export const DOCUMENT_TABLES = [
  '_doc_meta',
  '_doc_snapshots',
  '_doc_updates',
  '_doc_peers',
  '_doc_history',
  '_doc_names',
  '_doc_devices',
  '_doc_trims',
];

/** Databases of before documents were stored in parts lack `blob`, and have a column that nobody reads. */
export async function widenDocTables(tx: Pick<Transaction, 'all' | 'run'>): Promise<void> {
  for (const table of ['_doc_snapshots', '_doc_updates']) {
    if (!(await hasColumn(tx, table, 'blob'))) await tx.run(`ALTER TABLE ${table} ADD COLUMN blob TEXT`);
  }
  if (await hasColumn(tx, '_doc_meta', 'projected'))
    await tx.run('ALTER TABLE _doc_meta DROP COLUMN projected');
}

async function hasColumn(tx: Pick<Transaction, 'all'>, table: string, column: string): Promise<boolean> {
  const columns = await tx.all(`PRAGMA table_info(${table})`);
  return columns.some(({ name }) => name === column);
}

/**
 * A document's log inside a transaction, for edits that are committed with rows. What is read is what the
 * transaction sees: also what others of its group commit have appended. [D8]
 */
import type { PeerID } from 'loro-crdt';
import { Fault } from '../../src/base/fault.ts';
import type { Transaction } from '../../src/store/transaction.ts';
import type { DocRef } from '../core/doc-ref.ts';
import { type LogSource, loadStored, type StoredDoc } from './update-log.ts';

/** Throws `too_large` when the snapshot and the updates after it have more than `maxBytes`. */
export async function loadWithin(source: LogSource, ref: DocRef, maxBytes: number): Promise<StoredDoc> {
  const key = [ref.entity, ref.id];
  const [row] = await source.all(
    `SELECT (SELECT COALESCE(SUM(LENGTH(bytes)), 0) FROM _doc_snapshots WHERE entity = ? AND id = ?)
      + (SELECT COALESCE(SUM(LENGTH(bytes)), 0) FROM _doc_updates WHERE entity = ? AND id = ?) AS size`,
    [...key, ...key],
  );
  if (Number(row?.size) > maxBytes)
    throw new Fault('too_large', `a document of over ${maxBytes} bytes is edited by clients alone`);
  return loadStored(source, ref);
}

/** One more update; returns its revision. `peer` is given when it was not leased yet. */
export async function appendWithin(
  tx: Transaction,
  ref: DocRef,
  entry: { epoch: string; bytes: Uint8Array; lease: { peer: PeerID; owner: string } | null },
): Promise<number> {
  const key = [ref.entity, ref.id];
  const { epoch, bytes, lease } = entry;
  if (lease) {
    await tx.run('INSERT INTO _doc_peers (entity, id, peer, owner) VALUES (?, ?, ?, ?)', [
      ...key,
      lease.peer,
      lease.owner,
    ]);
  }
  await tx.run(
    `INSERT INTO _doc_meta (entity, id, epoch, rev, projected) VALUES (?, ?, ?, 1, 0)
      ON CONFLICT (entity, id) DO UPDATE SET rev = rev + 1`,
    [...key, epoch],
  );
  const [meta] = await tx.all('SELECT rev FROM _doc_meta WHERE entity = ? AND id = ?', key);
  const rev = Number(meta?.rev);
  await tx.run('INSERT INTO _doc_updates (entity, id, rev, bytes) VALUES (?, ?, ?, ?)', [...key, rev, bytes]);
  return rev;
}

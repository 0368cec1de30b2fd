/**
 * One document as SQL has it, of one moment: in one go for those who need it in their transaction, or its head alone,
 * the large parts of which follow in turns of their own (update-log.ts).
 */
import type { PeerID } from 'loro-crdt';
import { Fault } from '../../src/base/fault.ts';
import type { SqlRow, SqlValue } from '../../src/store/sql-driver.ts';
import type { Snapshot } from '../../src/store/store.ts';
import type { DocRef } from '../core/doc-ref.ts';

/** A snapshot of the database, or a transaction. */
export type LogSource = Pick<Snapshot, 'all'>;

export interface StoredDoc {
  /** Null when nothing was ever written. */
  readonly epoch: string | null;
  readonly rev: number;
  readonly snapshot: Uint8Array | null;
  /** Those after the snapshot. */
  readonly updates: readonly Uint8Array[];
  readonly peers: ReadonlyMap<PeerID, string>;
}

/** Bytes that are here, or the name and size of a blob in parts. */
export type Held = Uint8Array | { readonly blob: string; readonly sizeBytes: number };

export type StoredHead = Pick<StoredDoc, 'epoch' | 'rev' | 'peers'> & {
  readonly snapshot: Held | null;
  readonly updates: readonly Held[];
};

const WHERE = 'WHERE entity = ? AND id = ?';
/** LENGTH reads no part. */
const SIZE = `(SELECT SUM(LENGTH(p.bytes)) FROM _doc_parts p
  WHERE p.entity = d.entity AND p.id = d.id AND p.blob = d.blob)`;

export type StoredMeta = Pick<StoredDoc, 'epoch' | 'rev'>;

/** Which life of the document it is, and how far it has come. */
export async function loadMeta(source: LogSource, { entity, id }: DocRef): Promise<StoredMeta> {
  const [meta] = await source.all(`SELECT epoch, rev FROM _doc_meta ${WHERE}`, [entity, id]);
  return { epoch: meta ? String(meta.epoch) : null, rev: Number(meta?.rev ?? 0) };
}

export async function loadHead(source: LogSource, ref: DocRef): Promise<StoredHead> {
  const key: SqlValue[] = [ref.entity, ref.id];
  const held = (table: string, order = '') =>
    source.all(`SELECT bytes, blob, ${SIZE} AS size FROM ${table} d ${WHERE}${order}`, key);
  const meta = await loadMeta(source, ref);
  const [snapshot] = await held('_doc_snapshots');
  const updates = await held('_doc_updates', ' ORDER BY rev');
  const peers = await source.all(`SELECT peer, owner FROM _doc_peers ${WHERE}`, key);
  return {
    ...meta,
    snapshot: snapshot ? heldBy(snapshot) : null,
    updates: updates.map(heldBy),
    peers: new Map(peers.map((row) => [peerOf(row), String(row.owner)])),
  };
}

/** Bytes of snapshot and updates together. */
export async function storedSize(source: LogSource, { entity, id }: DocRef): Promise<number> {
  const size = (table: string) =>
    `(SELECT TOTAL(LENGTH(bytes) + COALESCE(${SIZE}, 0)) FROM ${table} d ${WHERE})`;
  const [row] = await source.all(`SELECT ${size('_doc_snapshots')} + ${size('_doc_updates')} AS size`, [
    entity,
    id,
    entity,
    id,
  ]);
  return Number(row?.size);
}

/** All of it at once: of bounded documents, for what a transaction does takes the thread until it is done. */
export async function loadStored(source: LogSource, ref: DocRef): Promise<StoredDoc> {
  const { snapshot, updates, ...head } = await loadHead(source, ref);
  const whole = async (held: Held) => (held instanceof Uint8Array ? held : wholeBlob(source, ref, held.blob));
  const found: Uint8Array[] = [];
  for (const held of updates) found.push(await whole(held));
  return { ...head, snapshot: snapshot && (await whole(snapshot)), updates: found };
}

async function wholeBlob(source: LogSource, ref: DocRef, blob: string): Promise<Uint8Array> {
  const parts = await source.all(`SELECT bytes FROM _doc_parts ${WHERE} AND blob = ? ORDER BY n`, [
    ref.entity,
    ref.id,
    blob,
  ]);
  if (parts.length === 0) throw new Fault('storage', 'parts of a document are missing');
  return Buffer.concat(parts.map(({ bytes }) => bytes as Uint8Array));
}

function heldBy({ bytes, blob, size }: SqlRow): Held {
  if (typeof blob === 'string') return { blob, sizeBytes: Number(size) };
  if (bytes instanceof Uint8Array) return bytes;
  throw new Fault('storage', 'a document update that is no blob');
}

function peerOf(row: SqlRow): PeerID {
  return `${BigInt(String(row.peer))}` as PeerID;
}

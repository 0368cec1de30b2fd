/**
 * Shallow documents: of what came before a version, the root, they hold the result alone. What Loro does with them
 * and does not say: an export from before the root is cut off, and a detached document takes no shallow snapshot.
 * Used on both sides.
 */
import { decodeImportBlobMeta, type ImportStatus, type LoroDoc } from 'loro-crdt';
import { covers, type Versions } from './versions.ts';

/** The root, which all other operations of the document build on; null when it holds its whole history. */
export function rootOf(doc: LoroDoc): Versions | null {
  if (!doc.isShallow()) return null;
  const before = doc.shallowSinceVV();
  const root = new Map(before.toJSON());
  before.free();
  for (const { peer, counter } of doc.shallowSinceFrontiers())
    root.set(peer, Math.max(counter + 1, root.get(peer) ?? 0));
  return root;
}

/** Whether a document with this root can tell what is missing at a version, and take what builds on it. */
export function reaches(root: Versions | null, version: Versions): boolean {
  return root === null || covers(version, root);
}

/** The first import of a document that is detached, and stays so. Throws what Loro throws. */
export function importFirst(doc: LoroDoc, bytes: Uint8Array): ImportStatus {
  const isShallow = isShallowSnapshot(bytes);
  if (isShallow) doc.attach();
  const status = doc.import(bytes);
  if (isShallow) doc.detach();
  return status;
}

/** Whether an import threw this because the bytes build on what a shallow document has left out. */
export function isBelowRoot(error: unknown): boolean {
  return typeof error === 'string' && error.includes('not included in the shallow history');
}

function isShallowSnapshot(bytes: Uint8Array): boolean {
  const meta = decodeImportBlobMeta(bytes, false);
  meta.partialStartVersionVector.free();
  meta.partialEndVersionVector.free();
  return meta.mode === 'shallow-snapshot';
}

/** What the history asks of an attached document, for the table of jobs (materialiser-jobs.ts). The document is spent after it. */
import type { LoroDoc, PeerID } from 'loro-crdt';
import type { JsonObject } from '../../src/base/json.ts';
import { toVersion } from './doc-version.ts';
import { type Column, readColumns } from './read-fields.ts';

/** The values of the fields at a version; one that nobody has written is absent. Throws `not_found`. */
export function viewAt(doc: LoroDoc, input: { version: string; columns: readonly Column[] }): JsonObject {
  toVersion(doc, input.version, (front) => doc.checkout(front));
  return readColumns(doc, input.columns);
}

/** The edit by `peer` that makes the document what it was; none when it is that. Throws `not_found`. */
export function restoreTo(doc: LoroDoc, input: { version: string; peer: string }): Uint8Array[] {
  doc.setPeerId(input.peer as PeerID);
  const before = doc.oplogVersion();
  toVersion(doc, input.version, (front) => doc.revertTo(front));
  doc.commit();
  const after = doc.oplogVersion();
  const changed = after.compare(before) !== 0;
  const bytes = changed ? [doc.export({ mode: 'update', from: before })] : [];
  before.free();
  after.free();
  return bytes;
}

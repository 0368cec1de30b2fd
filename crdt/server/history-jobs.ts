/**
 * What the history asks of attached documents: plain functions that the materialiser's hosts run. Each takes a whole
 * document as updates in order, and leaves nothing behind.
 */
import { LoroDoc, type PeerID } from 'loro-crdt';
import type { JsonObject } from '../../src/base/json.ts';
import { type Container, readContainer } from '../core/containers.ts';
import { toVersion } from './doc-version.ts';

type Bytes = readonly Uint8Array[];
type Column = { field: string; container: Container };

/** The values of the fields at a version; one that nobody has written is absent. Throws `not_found`. */
export function viewAt(input: { version: string; columns: readonly Column[] }, updates: Bytes): JsonObject {
  return withDocument(updates, (doc) => {
    toVersion(doc, input.version, (front) => doc.checkout(front));
    const json: JsonObject = {};
    for (const { field, container } of input.columns) {
      const value = readContainer(doc, field, container);
      if (value !== undefined) json[field] = value;
    }
    return json;
  });
}

/** The edit by `peer` that makes the document what it was; null when it is that. Throws `not_found`. */
export function restoreTo(input: { version: string; peer: string }, updates: Bytes): Uint8Array | null {
  return withDocument(updates, (doc) => {
    doc.setPeerId(input.peer as PeerID);
    const before = doc.oplogVersion();
    toVersion(doc, input.version, (front) => doc.revertTo(front));
    doc.commit();
    const after = doc.oplogVersion();
    const changed = after.compare(before) !== 0;
    const bytes = changed ? doc.export({ mode: 'update', from: before }) : null;
    before.free();
    after.free();
    return bytes;
  });
}

function withDocument<T>(updates: Bytes, work: (doc: LoroDoc) => T): T {
  const doc = new LoroDoc();
  try {
    for (const update of updates) doc.import(update);
    return work(doc);
  } finally {
    try {
      doc.free();
    } catch {
      // A document that trapped cannot be given back.
    }
  }
}

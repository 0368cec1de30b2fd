/**
 * A document that the server's own thread does not load, as plain functions for the table of jobs
 * (materialiser-jobs.ts): a detached copy that appends and exports, and never reads. Asked for by remote-replica.ts.
 */
import { LoroDoc, type OpId, type PeerID } from 'loro-crdt';
import { Fault } from '../../src/base/fault.ts';
import { isBelowRoot, rootOf } from '../core/shallow.ts';
import { spansBetween, toVector, type Versions, versionsOf } from '../core/versions.ts';
import { type FactsJson, factsJson, readFacts } from './update-facts.ts';

type Bytes = readonly Uint8Array[];

/** Versions as JSON has them. */
export type Entries = [PeerID, number][];

export type Filled = {
  root: Entries | null;
  /** Of each update up to where it leads; of a snapshot all that it holds. */
  ends: Entries[];
};

/** An empty copy that is about to take `first`. Attached for a snapshot: then Loro reads no more of it than it needs. */
export function emptyCopy(first: Uint8Array | undefined): LoroDoc {
  const doc = new LoroDoc();
  if (!first || readFacts(first).mode === 'update') doc.detach();
  return doc;
}

/** Throws what Loro throws, and `unavailable` for a gap. */
export function addAll(doc: LoroDoc, updates: Bytes): void {
  for (const update of updates) {
    if (doc.import(update).pending)
      throw new Fault('unavailable', 'an update that builds on what is missing');
    doc.detach();
  }
}

/** Adds updates to an empty copy, and says where each of them leads. */
export function fill(doc: LoroDoc, updates: Bytes): Filled {
  const ends = updates.map((update) => {
    addAll(doc, [update]);
    const { mode, ends: at } = readFacts(update);
    return [...(mode === 'update' ? at : versionsOf(doc))];
  });
  const root = rootOf(doc);
  return { root: root && [...root], ends };
}

/** Adds one update. Throws what Loro throws, and `stale_cursor` for a gap: the copy is spoilt then. */
export function append(doc: LoroDoc, update: Uint8Array): void {
  try {
    if (!doc.import(update).pending) return;
  } catch (error) {
    if (!isBelowRoot(error)) throw error;
  }
  throw new Fault('stale_cursor', 'the update builds on operations that are not here');
}

/** The operations beyond `from` up to `to`. */
export function between(doc: LoroDoc, { from, to }: { from: Entries; to: Entries }): Uint8Array {
  const spans = spansBetween(new Map(from), new Map(to));
  return doc.export({ mode: 'updates-in-range', spans });
}

/** The operations at the front of a version. */
export function frontAt(doc: LoroDoc, at: Entries): OpId[] {
  const vector = toVector(new Map(at) as Versions);
  try {
    return doc.vvToFrontiers(vector);
  } finally {
    vector.free();
  }
}

/** What an update says of itself. Throws `invalid`; may trap. */
export function factsOf(update: Uint8Array): FactsJson {
  return factsJson(readFacts(update));
}

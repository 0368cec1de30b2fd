/**
 * Version vectors at the edge: how many operations of each Loro peer a side holds. Foreign bytes become a
 * map once, checked; Loro's own decoder throws strings and lets negative counters through.
 */
import { type LoroDoc, type OpId, type PeerID, VersionVector } from 'loro-crdt';
import { Fault } from '../../src/base/fault.ts';

/** Peer -> number of its operations, the first ones without a gap. A peer with none is absent. */
export type Versions = ReadonlyMap<PeerID, number>;

export const NO_VERSIONS: Versions = new Map();

/** Loro counts operations of one peer in a signed 32-bit number. */
export const MAX_COUNTER = 2 ** 31 - 1;

/** Throws `bad_message`. */
export function decodeVersions(bytes: Uint8Array): Versions {
  let vector: VersionVector;
  try {
    vector = VersionVector.decode(bytes);
  } catch {
    throw new Fault('bad_message', 'not a version vector');
  }
  try {
    return checked(vector.toJSON());
  } finally {
    vector.free();
  }
}

function checked(versions: Versions): Versions {
  for (const counter of versions.values()) {
    if (!(counter >= 0 && counter <= MAX_COUNTER)) throw new Fault('bad_message', 'a counter out of range');
  }
  return versions;
}

export function encodeVersions(versions: Versions): Uint8Array {
  const vector = toVector(versions);
  try {
    return vector.encode();
  } finally {
    vector.free();
  }
}

/** For Loro's own calls; the caller frees it. */
export function toVector(versions: Versions): VersionVector {
  return VersionVector.parseJSON(new Map(versions));
}

/** The operations that the document holds. */
export function versionsOf(doc: LoroDoc): Versions {
  const vector = doc.oplogVersion();
  try {
    return vector.toJSON();
  } finally {
    vector.free();
  }
}

/** Whether `have` lacks nothing of `want`. */
export function covers(have: Versions, want: Versions): boolean {
  for (const [peer, counter] of want) if ((have.get(peer) ?? 0) < counter) return false;
  return true;
}

/** What both have together. */
export function merged(a: Versions, b: Versions): Versions {
  const both = new Map(a);
  for (const [peer, counter] of b) both.set(peer, Math.max(counter, both.get(peer) ?? 0));
  return both;
}

/** What each of both has. */
export function common(a: Versions, b: Versions): Versions {
  const both = new Map<PeerID, number>();
  for (const [peer, counter] of a) {
    const least = Math.min(counter, b.get(peer) ?? 0);
    if (least > 0) both.set(peer, least);
  }
  return both;
}

/** The operations that `to` has beyond `from`, as Loro's `updates-in-range` takes them. */
export function spansBetween(from: Versions, to: Versions): { id: OpId; len: number }[] {
  const spans: { id: OpId; len: number }[] = [];
  for (const [peer, end] of to) {
    const start = from.get(peer) ?? 0;
    if (end > start) spans.push({ id: { peer, counter: start }, len: end - start });
  }
  return spans;
}

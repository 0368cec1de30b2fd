/**
 * Work on bytes that may be hostile, as plain functions for the materialiser's hosts: what traps here traps where it
 * hurts nobody. Asked for by canary.ts and sift.ts.
 *
 * Measured with loro-crdt 1.17.1, 4,000 changed updates of five kinds with a right checksum: of those that pass the
 * static checks and a detached import (20 %), one in twelve is bad: an attached import refuses it (5 %) or traps (1 %),
 * or the snapshot made of it loads and traps when it is read (2 %). So a trial does all of these. [D3]
 */
import { LoroDoc, type PeerID } from 'loro-crdt';
import { Fault } from '../../src/base/fault.ts';
import { importFirst, isBelowRoot } from '../core/shallow.ts';
import { NO_VERSIONS, spansBetween, toVector, type Versions, versionsOf } from '../core/versions.ts';
import { freeQuietly } from './free-quietly.ts';
import { readAll } from './read-all.ts';

type Bytes = readonly Uint8Array[];

/** Operations of one peer. */
export type Span = { peer: PeerID; start: number; length: number };

/**
 * Imports one after another as a page does, and reads all; and once more what a page gets that joins: a snapshot of
 * it, or what a detached copy exports.
 * Throws what Loro throws, and `stale_cursor` for a gap.
 */
export function trial(bytes: Bytes): void {
  const doc = new LoroDoc();
  try {
    for (const update of bytes) importWhole(doc, update);
    readAll(doc);
    proven(doc.export({ mode: 'snapshot' }));
    prove(relayed(bytes));
  } finally {
    freeQuietly(doc);
  }
}

/** All of it as the hub would send it to a page that joins: what lies before the root of a shallow one is no update. */
function relayed(bytes: Bytes): Uint8Array[] {
  const doc = new LoroDoc();
  try {
    const base = detachedImport(doc, bytes.slice(0, 1));
    for (const update of bytes.slice(1)) doc.import(update);
    const from = toVector(base ?? NO_VERSIONS);
    const rest = doc.export({ mode: 'update', from });
    from.free();
    return [...(base ? bytes.slice(0, 1) : []), rest];
  } finally {
    freeQuietly(doc);
  }
}

/**
 * The operations that the last of these updates adds to the others: those of each peer as an update of its own, or
 * those of `spans`. Nothing is read, so that it works with operations that trap when they are.
 */
export function slice(bytes: Bytes, spans: readonly Span[] | null): { spans: Span[]; pieces: Uint8Array[] } {
  const doc = new LoroDoc();
  try {
    detachedImport(doc, bytes.slice(0, -1));
    const before = versionsOf(doc);
    for (const update of bytes.slice(-1)) doc.import(update);
    const wanted =
      spans ??
      spansBetween(before, versionsOf(doc)).map(({ id, len }) => ({
        peer: id.peer,
        start: id.counter,
        length: len,
      }));
    const pieces = wanted.map(({ peer, start, length }) =>
      doc.export({ mode: 'updates-in-range', spans: [{ id: { peer, counter: start }, len: length }] }),
    );
    return { spans: [...wanted], pieces };
  } finally {
    freeQuietly(doc);
  }
}

/** Returns the version of the first, when that is a shallow snapshot. */
function detachedImport(doc: LoroDoc, bytes: Bytes): Versions | null {
  doc.detach();
  const [first, ...rest] = bytes;
  if (first) importFirst(doc, first);
  const base = doc.isShallow() ? versionsOf(doc) : null;
  for (const update of rest) doc.import(update);
  return base;
}

function importWhole(doc: LoroDoc, update: Uint8Array): void {
  if (!imports(doc, update))
    throw new Fault('stale_cursor', 'the update builds on operations that are not here');
}

/** False: what it builds on is not here, or not any more. */
function imports(doc: LoroDoc, update: Uint8Array): boolean {
  try {
    return !doc.import(update).pending;
  } catch (error) {
    if (isBelowRoot(error)) return false;
    throw error;
  }
}

/** The whole document, when a page that joins can live with it: some load, and trap when they are read. */
export function proven(whole: Uint8Array): Uint8Array {
  prove([whole]);
  return whole;
}

function prove(parts: Bytes): void {
  const doc = new LoroDoc();
  try {
    for (const bytes of parts) doc.import(bytes);
    readAll(doc);
    doc.export({ mode: 'update' });
  } finally {
    freeQuietly(doc);
  }
}

/**
 * What may be known of an update before it is imported: its form, its peers, and that it leaves no gap.
 * Only operations of peers leased to the sender's own identity pass. [D9] Bytes that are no update are
 * refused with a code; Loro throws strings for them. [D3]
 */
import { decodeImportBlobMeta, type ImportBlobMetadata, type PeerID } from 'loro-crdt';
import { Fault } from '../../src/base/fault.ts';
import type { Versions } from '../core/versions.ts';
import { isTrap } from './materialiser-jobs.ts';
import { readUpdateHead } from './update-head.ts';

export interface GuardFacts {
  /** What the document holds, received updates included. */
  readonly have: Versions;
  /** Whether this peer id is leased to the sender. */
  readonly owns: (peer: PeerID) => boolean;
}

/**
 * Throws `invalid`, `forbidden`, or `stale_cursor` for a gap: send again from the server's vector. Loro may trap on
 * what an update says of itself, too: then the cause of the fault is the trap.
 */
export function checkUpdate(bytes: Uint8Array, { have, owns }: GuardFacts): void {
  const head = readUpdateHead(bytes);
  if (head && owns(head.peer) && head.start <= (have.get(head.peer) ?? 0)) return;
  const meta = readMeta(bytes);
  try {
    if (meta.mode !== 'update') throw new Fault('invalid', `an update was expected, not a ${meta.mode}`);
    for (const peer of meta.partialEndVersionVector.toJSON().keys()) {
      if (!owns(peer)) throw new Fault('forbidden', `peer ${peer} is not leased to you`, { peer });
    }
    for (const [peer, start] of meta.partialStartVersionVector.toJSON()) {
      if (start > (have.get(peer) ?? 0)) throw gap();
    }
    for (const { peer, counter } of meta.startFrontiers) {
      if (counter >= (have.get(peer) ?? 0)) throw gap();
    }
  } finally {
    meta.partialStartVersionVector.free();
    meta.partialEndVersionVector.free();
  }
}

export function gap(): Fault {
  return new Fault('stale_cursor', 'the update builds on operations that are not here');
}

/** The peers that an update holds operations of; none when it cannot be told. */
export function peersIn(bytes: Uint8Array): PeerID[] {
  const head = readUpdateHead(bytes);
  if (head) return [head.peer];
  try {
    const meta = readMeta(bytes);
    const peers = [...meta.partialEndVersionVector.toJSON().keys()];
    meta.partialStartVersionVector.free();
    meta.partialEndVersionVector.free();
    return peers;
  } catch {
    return [];
  }
}

function readMeta(bytes: Uint8Array): ImportBlobMetadata {
  try {
    return decodeImportBlobMeta(bytes, true);
  } catch (error) {
    const code = isTrap(error) ? 'forbidden' : 'invalid';
    throw new Fault(code, 'not a document update', undefined, { cause: error });
  }
}

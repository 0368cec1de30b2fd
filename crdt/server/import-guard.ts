/**
 * What may be known of an update before it is imported: its form, its peers, and that it leaves no gap.
 * Only operations of peers leased to the sender's own identity pass. [D9] Bytes that are no update are
 * refused with a code; Loro throws strings for them. [D3]
 */
import type { PeerID } from 'loro-crdt';
import { Fault } from '../../src/base/fault.ts';
import type { Versions } from '../core/versions.ts';
import { isTrap } from './materialiser-jobs.ts';
import { readFacts, type UpdateFacts } from './update-facts.ts';
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
export function checkUpdate(bytes: Uint8Array, guard: GuardFacts): void {
  const head = readUpdateHead(bytes);
  if (head && guard.owns(head.peer) && head.start <= (guard.have.get(head.peer) ?? 0)) return;
  checkFacts(knownOf(bytes), guard);
}

/** As `checkUpdate`, of an update that was read elsewhere. */
export function checkFacts({ mode, starts, ends, front }: UpdateFacts, { have, owns }: GuardFacts): void {
  if (mode !== 'update') throw new Fault('invalid', `an update was expected, not a ${mode}`);
  for (const peer of ends.keys()) {
    if (!owns(peer)) throw new Fault('forbidden', `peer ${peer} is not leased to you`, { peer });
  }
  for (const [peer, start] of starts) if (start > (have.get(peer) ?? 0)) throw gap();
  for (const { peer, counter } of front) if (counter >= (have.get(peer) ?? 0)) throw gap();
}

export function gap(): Fault {
  return new Fault('stale_cursor', 'the update builds on operations that are not here');
}

/** The peers that an update holds operations of; none when it cannot be told. */
export function peersIn(bytes: Uint8Array): PeerID[] {
  const head = readUpdateHead(bytes);
  if (head) return [head.peer];
  try {
    return [...readFacts(bytes).ends.keys()];
  } catch {
    return [];
  }
}

/** Throws `invalid`; `forbidden` when Loro trapped: then the cause of the fault is the trap. */
export function knownOf(bytes: Uint8Array): UpdateFacts {
  try {
    return readFacts(bytes);
  } catch (error) {
    const code = isTrap(error) ? 'forbidden' : 'invalid';
    throw new Fault(code, 'not a document update', undefined, { cause: error });
  }
}

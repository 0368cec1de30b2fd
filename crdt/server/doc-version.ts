/**
 * A version of a document as text: the operations at its front, `counter@peer` each, which is what Loro needs to
 * go there. Clients keep it and hand it back; what they hand back is parsed here and asked of the document, so
 * that a made-up version is one that does not exist. [D3]
 */
import type { LoroDoc, OpId, PeerID } from 'loro-crdt';
import { Fault } from '../../src/base/fault.ts';
import { MAX_VERSION_CHARS } from '../core/history.ts';
import { MAX_COUNTER } from '../core/versions.ts';

const OPERATION = /^(0|[1-9]\d{0,9})@(0|[1-9]\d{0,19})$/;
/** The document before its first operation. */
const EMPTY = 'empty';

export function formatVersion(front: readonly OpId[]): string {
  if (front.length === 0) return EMPTY;
  return front
    .map(({ counter, peer }) => `${counter}@${peer}`)
    .sort()
    .join('.');
}

/** Throws `invalid`. */
export function parseVersion(text: string): OpId[] {
  if (text === EMPTY) return [];
  if (text.length > MAX_VERSION_CHARS) throw notOne();
  return text.split('.').map((part) => {
    const [, counter, peer] = OPERATION.exec(part) ?? [];
    if (peer === undefined || Number(counter) > MAX_COUNTER || BigInt(peer) >= 2n ** 64n) throw notOne();
    return { counter: Number(counter), peer: peer as PeerID };
  });
}

/** Runs `go`, which takes the document to a version. Throws `not_found` when it has no such version any more. */
export function toVersion(doc: LoroDoc, version: string, go: (front: OpId[]) => void): void {
  const front = parseVersion(version);
  if (front.length === 0 && doc.isShallow()) throw gone();
  try {
    go(front);
  } catch (error) {
    if (typeof error === 'string') throw gone();
    throw error;
  }
}

function notOne(): Fault {
  return new Fault('invalid', 'not a version of a document');
}

function gone(): Fault {
  return new Fault('not_found', 'the document does not have this version, or its history begins later');
}

/**
 * Which of a page's operations are where: made, sent, durable. It holds counters, not operations: those are
 * in the document and are exported when needed. Edits found from an earlier page are kept as they were found.
 * Only `durable` empties it. [D2]
 */
import { decodeImportBlobMeta, type LoroDoc, type PeerID } from 'loro-crdt';
import type { Versions } from '../core/versions.ts';
import type { PendingEntry } from './pending-record.ts';

/** Counters of one of this page's peer ids. */
interface Progress {
  sent: number;
  durable: number;
}

interface Found extends PendingEntry {
  state: 'waiting' | 'sent' | 'durable';
}

interface Push {
  readonly n: number;
  readonly peer: PeerID | undefined;
  readonly end: number;
  readonly found: Found | undefined;
}

export class DocOutbox {
  readonly #doc: LoroDoc;
  readonly #own = new Map<PeerID, Progress>();
  readonly #found: Found[] = [];
  #inFlight: Push[] = [];

  constructor(doc: LoroDoc) {
    this.#doc = doc;
  }

  get inFlight(): number {
    return this.#inFlight.length;
  }

  /** Whether anything is not durable yet. */
  get pending(): boolean {
    return this.#found.some(({ state }) => state !== 'durable') || this.#spans('durable').length > 0;
  }

  get ownPeers(): Set<bigint> {
    return new Set([...this.#own.keys()].map(BigInt));
  }

  get found(): readonly PendingEntry[] {
    return this.#found;
  }

  get settledFound(): PendingEntry[] {
    return this.#found.filter(({ state }) => state === 'durable');
  }

  /** Edits under this peer id are this page's from now on. */
  own(peer: PeerID): void {
    if (!this.#own.has(peer)) this.#own.set(peer, { sent: 0, durable: 0 });
  }

  /** An edit of an earlier page, already imported. */
  find(entry: PendingEntry): void {
    this.#found.push({ ...entry, state: 'waiting' });
  }

  /** The server has `versions` durable and nothing is on its way: what lies beyond is to be sent again. */
  rewind(versions: Versions): void {
    this.#inFlight = [];
    for (const [peer, progress] of this.#own) {
      progress.durable = Math.min(versions.get(peer) ?? 0, this.#end(peer));
      progress.sent = progress.durable;
    }
    for (const found of this.#found) found.state = isCovered(found.bytes, versions) ? 'durable' : 'waiting';
  }

  /** The next update to send as push `n`; null when all is sent. */
  take(n: number): Uint8Array | null {
    const found = this.#found.find(({ state }) => state === 'waiting');
    if (found) {
      found.state = 'sent';
      this.#inFlight.push({ n, peer: undefined, end: 0, found });
      return found.bytes;
    }
    const [span] = this.#spans('sent');
    if (!span) return null;
    const end = span.id.counter + span.len;
    this.#own.get(span.id.peer)!.sent = end;
    this.#inFlight.push({ n, peer: span.id.peer, end, found: undefined });
    return this.#doc.export({ mode: 'updates-in-range', spans: [span] });
  }

  /** All pushes up to `n` are durable. */
  settle(n: number): void {
    while (this.#inFlight.length > 0 && this.#inFlight[0]!.n <= n) {
      const { peer, end, found } = this.#inFlight.shift()!;
      if (found) found.state = 'durable';
      if (peer) this.#own.get(peer)!.durable = end;
    }
  }

  /** What is not durable, for keeping: one entry per peer id of this page. */
  entries(): PendingEntry[] {
    return this.#spans('durable').map((span) => ({
      peer: BigInt(span.id.peer),
      bytes: this.#doc.export({ mode: 'updates-in-range', spans: [span] }),
    }));
  }

  #spans(from: keyof Progress): { id: { peer: PeerID; counter: number }; len: number }[] {
    const spans: { id: { peer: PeerID; counter: number }; len: number }[] = [];
    for (const [peer, progress] of this.#own) {
      const len = this.#end(peer) - progress[from];
      if (len > 0) spans.push({ id: { peer, counter: progress[from] }, len });
    }
    return spans;
  }

  #end(peer: PeerID): number {
    const vector = this.#doc.oplogVersion();
    try {
      return vector.get(peer) ?? 0;
    } finally {
      vector.free();
    }
  }
}

function isCovered(bytes: Uint8Array, versions: Versions): boolean {
  const meta = decodeImportBlobMeta(bytes, false);
  for (const [peer, end] of meta.partialEndVersionVector.toJSON()) {
    if ((versions.get(peer) ?? 0) < end) return false;
  }
  return true;
}

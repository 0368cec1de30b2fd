/**
 * Which unsent operations of a page are where: made, sent, durable. It holds counters, not operations: those are
 * in the document and are exported when needed. Those of earlier pages, found on the device, are sent as well, and
 * stay theirs. Only `durable` empties it. [D2]
 */
import type { LoroDoc, PeerID } from 'loro-crdt';
import type { Versions } from '../core/versions.ts';
import type { PendingEntry } from './device-record.ts';

/** Counters of one peer id. */
interface Progress {
  sent: number;
  durable: number;
  readonly own: boolean;
}

/** Up to which counter of each peer a push reaches. */
interface Push {
  readonly n: number;
  readonly ends: ReadonlyMap<PeerID, number>;
}

interface Span {
  readonly id: { readonly peer: PeerID; readonly counter: number };
  readonly len: number;
}

export interface OutboxSource {
  readonly doc: LoroDoc;
  readonly versions: Versions;
  /** How many operations of each of these peers there are. */
  counts(peers: Iterable<PeerID>): ReadonlyMap<PeerID, number>;
}

export class DocOutbox {
  readonly #source: OutboxSource;
  readonly #maxPushBytes: number;
  /** Those found come first: own edits may build on them. */
  readonly #peers = new Map<PeerID, Progress>();
  #inFlight: Push[] = [];

  constructor(source: OutboxSource, maxPushBytes: number) {
    this.#source = source;
    this.#maxPushBytes = maxPushBytes;
  }

  get inFlight(): number {
    return this.#inFlight.length;
  }

  /** Whether anything is not durable yet. */
  get pending(): boolean {
    return this.#spans('durable').length > 0;
  }

  /** Own and found ones. */
  get peers(): bigint[] {
    return [...this.#peers.keys()].map(BigInt);
  }

  get ownPeers(): Set<bigint> {
    return new Set([...this.#peers].filter(([, { own }]) => own).map(([peer]) => BigInt(peer)));
  }

  /** What is not durable: for each peer, from where to where. */
  get unsent(): ReadonlyMap<PeerID, { from: number; end: number }> {
    const spans = this.#spans('durable');
    return new Map(
      spans.map(({ id: { peer, counter }, len }) => [peer, { from: counter, end: counter + len }]),
    );
  }

  /** Edits under this peer id are this page's from now on. */
  own(peer: bigint): void {
    const id = `${peer}` as PeerID;
    if (!this.#peers.get(id)?.own) this.#peers.set(id, { sent: 0, durable: 0, own: true });
  }

  /** Edits of another page are in the document, and the first `from` operations of their peer are durable. */
  find(peer: bigint, from: number): void {
    const id = `${peer}` as PeerID;
    if (!this.#peers.has(id)) this.#peers.set(id, { sent: from, durable: from, own: false });
  }

  /** As far as is known here. */
  durable(peer: bigint): number {
    return this.#peers.get(`${peer}` as PeerID)?.durable ?? 0;
  }

  /** The server has `versions` durable and nothing is on its way: what lies beyond is to be sent again. */
  rewind(versions: Versions): void {
    this.#inFlight = [];
    const have = this.#source.versions;
    for (const [peer, count] of have) {
      const durable = versions.get(peer) ?? 0;
      if (count > durable) this.find(BigInt(peer), durable); // from a copy of a page that could save no entry
    }
    for (const [peer, progress] of this.#peers) {
      progress.durable = Math.min(versions.get(peer) ?? 0, have.get(peer) ?? 0);
      progress.sent = progress.durable;
    }
  }

  /** The next update to send as push `n`; null when all is sent. */
  take(n: number): Uint8Array | null {
    let spans = this.#spans('sent');
    if (spans.length === 0) return null;
    // All in one, as they may build on each other; the first alone, and less and less of it, if that is too much.
    let bytes = this.#export(spans);
    while (bytes.length > this.#maxPushBytes) {
      const [{ id, len }] = spans as [Span];
      if (spans.length === 1 && len === 1) break;
      spans = [{ id, len: spans.length > 1 ? len : Math.ceil(len / 2) }];
      bytes = this.#export(spans);
    }
    const ends = new Map(spans.map(({ id, len }) => [id.peer, id.counter + len]));
    for (const [peer, end] of ends) this.#peers.get(peer)!.sent = end;
    this.#inFlight.push({ n, ends });
    return bytes;
  }

  /** All pushes up to `n` are durable. */
  settle(n: number): void {
    while (this.#inFlight.length > 0 && this.#inFlight[0]!.n <= n) {
      for (const [peer, end] of this.#inFlight.shift()!.ends) this.#peers.get(peer)!.durable = end;
    }
  }

  /** What of this page's own is not durable, for keeping: one entry per peer id. */
  entries(epoch: string): PendingEntry[] {
    return this.#spans('durable')
      .filter(({ id }) => this.#peers.get(id.peer)!.own)
      .map((span) => ({
        epoch,
        peer: BigInt(span.id.peer),
        end: span.id.counter + span.len,
        bytes: this.#export([span]),
      }));
  }

  #spans(from: 'sent' | 'durable'): Span[] {
    if (this.#peers.size === 0) return [];
    const counts = this.#source.counts(this.#peers.keys());
    const spans: Span[] = [];
    for (const [peer, progress] of this.#peers) {
      const len = (counts.get(peer) ?? 0) - progress[from];
      if (len > 0) spans.push({ id: { peer, counter: progress[from] }, len });
    }
    return spans;
  }

  #export(spans: Span[]): Uint8Array {
    return this.#source.doc.export({ mode: 'updates-in-range', spans });
  }
}

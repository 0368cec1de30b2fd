/**
 * Peer ids of one document: each is bound to the identity that it was given to, for good. [D9] A page gets a
 * new one each time it loads and keeps it over reconnects: two replicas that share one diverge silently, and
 * a page that was reloaded cannot know which of its last operations had already left.
 */
import type { PeerID } from 'loro-crdt';
import type { Env, Random } from '../../src/base/env.ts';
import type { DocRef } from '../core/doc-ref.ts';
import type { UpdateLog } from './update-log.ts';

/** u64; Loro keeps the greatest one for itself, the wire says 0 for none. */
const RESERVED: ReadonlySet<bigint> = new Set([0n, 2n ** 64n - 1n]);

export interface LeaseWish {
  readonly owner: string;
  /** The peer id that the page has; 0 for none. */
  readonly wanted: bigint;
  /** Whether one more is wished for. */
  readonly spare: boolean;
}

/** Peer ids; 0 for none. */
export interface Lease {
  readonly peer: bigint;
  readonly spare: bigint;
}

export const NO_LEASE: Lease = { peer: 0n, spare: 0n };

export class PeerLeases {
  readonly #env: Env;
  readonly #deps: { ref: DocRef; epoch: string; log: UpdateLog };
  readonly #owners: Map<PeerID, string>;

  constructor(
    env: Env,
    deps: { ref: DocRef; epoch: string; log: UpdateLog },
    owners: ReadonlyMap<PeerID, string>,
  ) {
    this.#env = env;
    this.#deps = deps;
    this.#owners = new Map(owners);
  }

  ownerOf(peer: PeerID): string | undefined {
    return this.#owners.get(peer);
  }

  owns(owner: string, peer: PeerID): boolean {
    return this.#owners.get(peer) === owner;
  }

  /** The wanted peer id if it is the owner's, else a new one. Resolves when all new ones are stored. */
  async lease({ owner, wanted, spare }: LeaseWish): Promise<Lease> {
    const kept = wanted !== 0n && this.owns(owner, peerId(wanted));
    const lease = { peer: kept ? wanted : this.#fresh(), spare: spare ? this.#fresh() : 0n };
    const peers = [kept ? 0n : lease.peer, lease.spare].filter((peer) => peer !== 0n).map(peerId);
    if (peers.length === 0) return lease;
    const { ref, epoch, log } = this.#deps;
    await log.lease(ref, { epoch, peers, owner });
    for (const peer of peers) this.#owners.set(peer, owner);
    return lease;
  }

  #fresh(): bigint {
    let peer = randomPeer(this.#env.random);
    while (this.#owners.has(peerId(peer))) peer = randomPeer(this.#env.random);
    return peer;
  }
}

function peerId(peer: bigint): PeerID {
  return `${peer}` as PeerID;
}

export function randomPeer(random: Random): bigint {
  for (;;) {
    let peer = 0n;
    for (const byte of random.fill(new Uint8Array(8))) peer = (peer << 8n) | BigInt(byte);
    if (!RESERVED.has(peer)) return peer;
  }
}

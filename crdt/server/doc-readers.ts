/**
 * The readers of one document. They are told what is durable: one frame for all of them, encoded once for each revision.
 * Commits keep a distance (commit-loop.ts), for a write to a socket is what costs most. Used by doc-entry.ts alone.
 */
import type { PeerID } from 'loro-crdt';
import type { Cancel } from '../../src/base/env.ts';
import { Fault } from '../../src/base/fault.ts';
import { encodeDown } from '../core/down-frame.ts';
import type { Versions } from '../core/versions.ts';
import type { Authors, Follower } from './follower.ts';

interface Revision {
  readonly rev: number;
  readonly bytes: Uint8Array;
  /** The document without it. */
  readonly before: Versions;
}

export class DocReaders {
  readonly #followers = new Set<Follower>();
  /** Those who wait to hear that a push is durable. */
  readonly #waiting = new Set<Follower>();

  get size(): number {
    return this.#followers.size;
  }

  add(follower: Follower): Cancel {
    this.#followers.add(follower);
    return () => {
      this.#followers.delete(follower);
      this.#waiting.delete(follower);
    };
  }

  /** `authors`: those who made it; null stands for somebody who does not follow. */
  tell({ rev, bytes, before }: Revision, authors: Authors): void {
    if (this.#followers.size === 0) return;
    const own = { rev, revs: 1 };
    const frame = encodeDown({ kind: 'update', ...own, bytes });
    const [sole] = authors.size === 1 ? authors : [];
    this.each((follower) => follower.updated({ frame, before, own: follower === sole ? own : null }));
  }

  /** `follower` hears of the marks that settle, until it waits for no more. */
  awaitMark(follower: Follower): void {
    this.#waiting.add(follower);
  }

  settled(mark: number): void {
    for (const follower of this.#waiting) if (follower.settled(mark)) this.#waiting.delete(follower);
  }

  /** Updates with operations of these peers, and of these identities, were dropped. [D3] */
  expel(peers: ReadonlySet<PeerID>, owners: ReadonlySet<string>): void {
    this.each((follower) => {
      if (follower.peer && peers.has(follower.peer))
        follower.ended(new Fault('forbidden', 'an update of yours was harmful'));
    });
    // A page may have sent them for an earlier one: it joins, and sends again what is not durable. [D2]
    for (const follower of [...this.#waiting])
      if (owners.has(follower.owner))
        follower.ended(new Fault('stale_cursor', 'the document was built anew'));
  }

  each(visit: (follower: Follower) => void): void {
    for (const follower of [...this.#followers]) visit(follower);
  }

  close(fault: Fault): void {
    this.each((follower) => follower.ended(fault));
    this.#followers.clear();
  }
}

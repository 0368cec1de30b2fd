/**
 * Tells the readers of one document what is durable: one frame for all of them, encoded once for each revision. Commits
 * keep a distance (commit-loop.ts), for a write to a socket is what costs most. Used by doc-entry.ts alone.
 */
import type { Cancel } from '../../src/base/env.ts';
import { encodeDown } from '../core/down-frame.ts';
import type { Versions } from '../core/versions.ts';
import type { Authors, Follower } from './follower.ts';

interface Revision {
  readonly rev: number;
  readonly bytes: Uint8Array;
  /** The document without it. */
  readonly before: Versions;
}

export class FanOut {
  readonly #followers = new Set<Follower>();

  get size(): number {
    return this.#followers.size;
  }

  add(follower: Follower): Cancel {
    this.#followers.add(follower);
    return () => this.#followers.delete(follower);
  }

  /** `authors`: those who made it; null stands for somebody who does not follow. */
  tell({ rev, bytes, before }: Revision, authors: Authors): void {
    if (this.#followers.size === 0) return;
    const own = { rev, revs: 1 };
    const frame = encodeDown({ kind: 'update', ...own, bytes });
    const [sole] = authors.size === 1 ? authors : [];
    for (const follower of [...this.#followers])
      follower.updated({ frame, before, own: follower === sole ? own : null });
  }

  each(visit: (follower: Follower) => void): void {
    for (const follower of [...this.#followers]) visit(follower);
  }

  close(): void {
    this.#followers.clear();
  }
}

/**
 * What a live document says of its commits to the history: one line for a stretch, so that nearly all of them say
 * nothing. Used by commit-loop.ts.
 */
import type { DocRef } from '../core/doc-ref.ts';
import { formatVersion } from './doc-version.ts';
import type { HistoryLog } from './history-log.ts';
import type { PeerLeases } from './peer-lease.ts';
import type { Delta, Replica } from './replica.ts';
import type { LogEntry } from './update-log.ts';

interface Deps {
  readonly ref: DocRef;
  readonly replica: Replica;
  readonly leases: PeerLeases;
  readonly history: HistoryLog;
  readonly now: () => number;
}

export class HistoryNotes {
  readonly #deps: Deps;
  readonly #historyMs: number;
  /** The stretch that this document knows to be noted. */
  #endMs = Number.NEGATIVE_INFINITY;
  #noted = new Set<string>();

  constructor(deps: Deps, historyMs: number) {
    this.#deps = deps;
    this.#historyMs = historyMs;
  }

  /** What is to be written with the delta, if anything. */
  of({ versions }: Delta): LogEntry['also'] {
    const { leases, now } = this.#deps;
    const authors = [...new Set([...versions.keys()].map((peer) => leases.ownerOf(peer) ?? 'anonymous'))];
    const at = now();
    if (at < this.#endMs && authors.every((author) => this.#noted.has(author))) return undefined;
    const { ref, replica, history } = this.#deps;
    const since = formatVersion(replica.durableFront());
    return async (tx, rev) => {
      const { at: began, authors: all } = await history.note(tx, ref, { rev, authors, at, since });
      this.#endMs = began + this.#historyMs;
      this.#noted = new Set(all);
    };
  }
}

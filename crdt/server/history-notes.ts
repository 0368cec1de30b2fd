/**
 * What a live document says of its commits to the history: one line for a stretch, so that nearly all of them say
 * nothing. Used by commit-loop.ts.
 */
import type { DocRef } from '../core/doc-ref.ts';
import { formatVersion } from './doc-version.ts';
import type { HistoryLog } from './history-log.ts';
import type { Hold } from './hold.ts';
import type { PeerLeases } from './peer-lease.ts';
import type { Delta } from './replica.ts';
import type { LogEntry } from './update-log.ts';

interface Deps {
  readonly ref: DocRef;
  readonly hold: Hold;
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

  /** What is to be written with the deltas, if anything. */
  async of(deltas: readonly Delta[]): Promise<LogEntry['also']> {
    const { leases, now } = this.#deps;
    const peers = deltas.flatMap(({ versions }) => [...versions.keys()]);
    const authors = [...new Set(peers.map((peer) => leases.ownerOf(peer) ?? 'anonymous'))];
    const at = now();
    if (at < this.#endMs && authors.every((author) => this.#noted.has(author))) return undefined;
    const { ref, hold, history } = this.#deps;
    const { replica } = hold;
    // The next commit says it when the worker cannot.
    const front = replica.isRemote ? await replica.front().catch(() => null) : replica.front();
    if (!front) return undefined;
    const since = formatVersion(front);
    return async (tx, rev) => {
      const { at: began, authors: all } = await history.note(tx, ref, { rev, authors, at, since });
      this.#endMs = began + this.#historyMs;
      this.#noted = new Set(all);
    };
  }
}

/**
 * Makes one document's updates durable: all that came in while the last commit was under way becomes one delta,
 * one row of the log (of a document that a worker holds: each a row). Used by doc-entry.ts alone.
 *
 *   idle --received()--> planned --end of turn--> gathering --gap over, or enough--> writing --nothing new--> idle
 *                                                     ^--something new----------'   ^--retry--'
 *   any --close()--> closed
 *
 * [D2] `committed` comes after the commit.
 * [D10] while the store fails nothing is dropped: the write is tried again, and `failing` says so.
 */
import { backoffMs } from '../../src/base/backoff.ts';
import { type Deferred, deferred } from '../../src/base/deferred.ts';
import type { Cancel, Env } from '../../src/base/env.ts';
import { Fault, isFault, toFault } from '../../src/base/fault.ts';
import { type DocRef, docKey } from '../core/doc-ref.ts';
import type { Authors, Follower } from './follower.ts';
import type { HistoryNotes } from './history-notes.ts';
import type { Hold } from './hold.ts';
import type { DocsOptions } from './options.ts';
import type { Delta } from './replica.ts';
import type { LogEntries, UpdateLog } from './update-log.ts';

interface Deps {
  readonly ref: DocRef;
  readonly epoch: string;
  readonly hold: Hold;
  readonly log: UpdateLog;
  /** What the history is told of a delta. */
  readonly notes: HistoryNotes;
  /** `rev`: of the last. Resolves when all earlier revisions are known here; the deltas count as durable from then on. */
  readonly committed: (rev: number, deltas: readonly Delta[], authors: Authors) => Promise<void>;
  /** The document cannot go on. */
  readonly failed: (fault: Fault) => void;
  /** The least time between two commits. */
  readonly gapMs: () => number;
}

export class CommitLoop {
  readonly #env: Env;
  readonly #deps: Deps;
  readonly #options: DocsOptions;
  #running = false;
  #closed = false;
  #takes = 0;
  #settledMark = 0;
  #authors = new Set<Follower | null>();
  #pushes = 0;
  #receivedBytes = 0;
  #failing: Fault | undefined;
  #idle: Deferred<void> | undefined;
  #wake: Cancel | undefined;
  #gathered: (() => void) | undefined;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(env: Env, deps: Deps, options: DocsOptions) {
    this.#env = env;
    this.#deps = deps;
    this.#options = options;
  }

  /** Bytes received and not yet committed. */
  get undurableBytes(): number {
    return this.#receivedBytes;
  }

  /** Why writes do not get through at the moment. */
  get failing(): Fault | undefined {
    return this.#failing;
  }

  /** The mark that covers all received so far: durable when `settledMark` reaches it. */
  get mark(): number {
    return this.#replica.dirty ? this.#takes + 1 : this.#takes;
  }

  get settledMark(): number {
    return this.#settledMark;
  }

  /** The replica holds something new, which came in so many bytes. */
  received(sizeBytes: number, author: Follower | null): void {
    this.#receivedBytes += sizeBytes;
    this.#authors.add(author);
    this.#pushes++;
    if (this.#pushes === this.#options.commitPushes) this.#gathered?.();
    if (this.#running || this.#closed) return;
    this.#running = true;
    this.#env.clock.soon(() => void this.#run());
  }

  /** The replica was built anew. What it lacks now is not waited for. */
  resume(): void {
    if (!this.#replica.dirty) this.#receivedBytes = 0;
    this.received(0, null);
  }

  /** Resolves when all that was received is committed, or when this is closed and nothing uses the replica. */
  async settled(): Promise<void> {
    if (!this.#running) return;
    this.#gathered?.();
    this.#idle ??= deferred();
    await this.#idle.promise;
  }

  close(): void {
    this.#closed = true;
    this.#wake?.();
    this.#gathered?.();
  }

  get #replica(): Hold['replica'] {
    return this.#deps.hold.replica;
  }

  async #run(): Promise<void> {
    try {
      while (!this.#closed && !this.#replica.isDead) {
        if (!this.#replica.dirty) break;
        await this.#gather();
        if (this.#closed || this.#replica.isDead) break;
        const deltas = this.#replica.take();
        if (!deltas) break;
        this.#lastMs = this.#env.clock.monotonic();
        await this.#commit(deltas);
      }
    } catch (error) {
      // A replica that died is built anew, and `resume` follows.
      if (!this.#replica.isDead) {
        this.#env.log.error('docs.flush_failed', { doc: docKey(this.#deps.ref), error: String(error) });
        this.#deps.failed(new Fault('internal', 'the document had to be loaded again'));
      }
    }
    this.#running = false;
    this.#idle?.resolve();
    this.#idle = undefined;
  }

  /** A commit costs much the same for one push and for thirty: what comes soon after one waits for more. */
  async #gather(): Promise<void> {
    const waitMs = this.#lastMs + this.#deps.gapMs() - this.#env.clock.monotonic();
    if (waitMs <= 0 || this.#pushes >= this.#options.commitPushes) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#env.clock.after(waitMs, resolve);
      this.#gathered = () => {
        cancel();
        resolve();
      };
    });
    this.#gathered = undefined;
  }

  async #commit(deltas: readonly Delta[]): Promise<void> {
    const mark = ++this.#takes;
    const authors = this.#authors;
    this.#authors = new Set();
    this.#pushes = 0;
    const takenBytes = this.#receivedBytes;
    const also = await this.#deps.notes.of(deltas);
    const rev = await this.#append({ updates: deltas.map(({ bytes }) => bytes), also });
    if (rev === undefined || this.#closed) return;
    this.#receivedBytes -= takenBytes;
    this.#settledMark = mark;
    await this.#deps.committed(rev, deltas, authors);
  }

  /** Writes until it is written; undefined when the document was closed first. */
  async #append(entries: Omit<LogEntries, 'epoch'>): Promise<number | undefined> {
    const { ref, epoch, log, failed } = this.#deps;
    for (let attempt = 0; !this.#closed; attempt++) {
      try {
        const rev = await log.append(ref, { epoch, ...entries });
        this.#failing = undefined;
        return rev;
      } catch (error) {
        if (isFault(error, 'not_found') || isFault(error, 'stale_cursor')) {
          failed(error);
          return undefined;
        }
        this.#failing = toFault(error);
        this.#env.log.error('docs.append_failed', { doc: docKey(ref), attempt, error: String(error) });
        await this.#pause(backoffMs(attempt, this.#env.random, this.#options.retry));
      }
    }
    return undefined;
  }

  /** Cut short when the document is closed. */
  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#env.clock.after(delayMs, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }
}

/**
 * Snapshots of one document: kept in memory for those who join, and put in the log in the place of the updates
 * they hold when those have become many. Made by the materialiser, one at a time; commits go on meanwhile. Used
 * by doc-entry.ts alone.
 *
 * [D6] what is put in the log holds the whole history, and takes the place of nothing that came after it. One that
 * is `shallow` holds the document without what led there; it is for those who join and want no more.
 */
import type { Env } from '../../src/base/env.ts';
import { type DocRef, docKey } from '../core/doc-ref.ts';
import type { Versions } from '../core/versions.ts';
import type { Hold } from './hold.ts';
import type { Food, Shadow } from './materialiser.ts';
import type { DocsOptions } from './options.ts';
import type { Delta } from './replica.ts';
import type { UpdateLog } from './update-log.ts';

export type SnapshotKind = 'full' | 'shallow';

interface Deps {
  readonly ref: DocRef;
  readonly epoch: string;
  readonly hold: Hold;
  readonly shadow: Shadow;
  readonly log: UpdateLog;
  /** Told of each error. */
  readonly failed: (error: unknown) => void;
  /** The updates that were loaded. */
  readonly tail: readonly Uint8Array[];
  /** The durable document. */
  readonly source: {
    readonly rev: number;
    readonly durable: Versions;
    /** What a shadow that holds `from` lacks. */
    food(from: Versions): Food;
  };
}

/** Updates in the log behind the last snapshot there. */
interface Tail {
  updates: number;
  bytes: number;
}

export class Snapshots {
  readonly #env: Env;
  readonly #deps: Deps;
  readonly #options: DocsOptions;
  readonly #tail: Tail;
  #shallow: Delta | null = null;
  #making: Promise<void> | undefined;
  #closed = false;

  constructor(env: Env, deps: Deps, options: DocsOptions) {
    this.#env = env;
    this.#deps = deps;
    this.#options = options;
    const bytes = deps.tail.reduce((sum, { length }) => sum + length, 0);
    this.#tail = { updates: deps.tail.length, bytes };
  }

  /** A snapshot of now or of some time ago, or null; one that is old is made anew for the next who asks. */
  latest(kind: SnapshotKind): Delta | null {
    const { hold, source } = this.#deps;
    const snapshot = kind === 'full' ? hold.replica.snapshot : this.#shallow;
    if (snapshot?.versions !== source.durable) this.#begin(kind);
    return snapshot;
  }

  /** The document is loaded: its log may have grown long without it. */
  loaded(): void {
    if (this.#long) this.#begin('full');
  }

  /** An update was appended to the log. */
  grew(sizeBytes: number): void {
    this.#tail.updates++;
    this.#tail.bytes += sizeBytes;
    if (this.#long) this.#begin('full');
  }

  /** Resolves when nothing is being made. */
  async settled(): Promise<void> {
    await this.#making;
  }

  close(): void {
    this.#closed = true;
  }

  get #long(): boolean {
    const { compactUpdates, compactBytes } = this.#options;
    return this.#tail.updates >= compactUpdates || this.#tail.bytes >= compactBytes;
  }

  #begin(kind: SnapshotKind): void {
    this.#making ??= this.#make(kind)
      .catch((error) => {
        if (this.#closed) return;
        this.#env.log.error('docs.snapshot_failed', { doc: docKey(this.#deps.ref), error: String(error) });
        this.#deps.failed(error);
      })
      .finally(() => {
        this.#making = undefined;
      });
  }

  async #make(kind: SnapshotKind): Promise<void> {
    const { hold, shadow, source } = this.#deps;
    const { rev } = source;
    const tail = { ...this.#tail };
    const food = source.food(shadow.versions);
    const { versions } = food;
    if (versions.size === 0) return;
    const { bytes } = await shadow.run(kind === 'full' ? 'snapshot' : 'shallow', {}, food);
    if (this.#closed) return;
    const snapshot = { bytes: bytes[0]!, versions };
    if (kind === 'shallow') {
      this.#shallow = snapshot;
      return;
    }
    hold.replica.keepSnapshot(snapshot);
    if (!this.#long) return;
    const { log, ref, epoch } = this.#deps;
    await log.compact(ref, { epoch, rev, bytes: snapshot.bytes });
    this.#tail.updates -= tail.updates;
    this.#tail.bytes -= tail.bytes;
  }
}

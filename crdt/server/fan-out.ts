/**
 * Tells the readers of one document what is durable: one frame for all of them, encoded once. A write to a
 * socket is what costs most, so the more readers there are, the more commits go into one frame; the first one
 * after a pause goes out at once. Between two frames readers are shown the document as it was told. Used by
 * doc-entry.ts alone; commits, and the acks of their authors, wait for none of this.
 */

import type { Cancel, Env } from '../../src/base/env.ts';
import { isFault } from '../../src/base/fault.ts';
import { encodeDown } from '../core/down-frame.ts';
import type { Versions } from '../core/versions.ts';
import type { Follower, Pushed } from './follower.ts';
import type { DocsOptions } from './options.ts';
import type { OutletSource } from './outlet.ts';

/** The durable document. */
interface Source {
  readonly rev: number;
  readonly durable: Versions;
  /** Operations beyond `from` and up to `to`, which are durable; null for none. */
  since(from: Versions, to: Versions): Uint8Array | null;
}

export class FanOut implements OutletSource {
  readonly #env: Env;
  readonly #source: Source;
  readonly #options: DocsOptions;
  readonly #followers = new Set<Follower>();
  /** Those who made what is not told yet; null stands for somebody who does not follow. */
  #authors = new Set<Follower | null>();
  /** All that is not told yet, when it is one update. */
  #only: Uint8Array | undefined;
  /** How many pushes that was. */
  #pushes = 0;
  #rev: number;
  #durable: Versions;
  #lastMs = Number.NEGATIVE_INFINITY;
  #timer: Cancel | undefined;

  constructor(env: Env, source: Source, options: DocsOptions) {
    this.#env = env;
    this.#source = source;
    this.#options = options;
    this.#rev = source.rev;
    this.#durable = source.durable;
  }

  /** The last revision that readers were told. */
  get rev(): number {
    return this.#rev;
  }

  /** The document at `rev`. Another map after each frame. */
  get durable(): Versions {
    return this.#durable;
  }

  get size(): number {
    return this.#followers.size;
  }

  /** What readers were told beyond `from`; null for nothing. */
  since(from: Versions): Uint8Array | null {
    return this.#source.since(from, this.#durable);
  }

  add(follower: Follower): Cancel {
    this.#followers.add(follower);
    return () => this.#followers.delete(follower);
  }

  /** The source is one revision further, by this update. */
  committed(bytes: Uint8Array, { authors, pushes }: Pushed): void {
    for (const author of authors) this.#authors.add(author);
    this.#pushes += pushes;
    this.#only = this.#source.rev === this.#rev + 1 ? bytes : undefined;
    const waitMs = this.#lastMs + this.#windowMs - this.#env.clock.monotonic();
    if (waitMs <= 0 || this.#pushes >= this.#options.tellPushes) this.tell();
    else this.#timer ??= this.#env.clock.after(waitMs, () => this.tell());
  }

  /** Tells now what there is. */
  tell(): void {
    this.#timer?.();
    this.#timer = undefined;
    const { rev, durable } = this.#source;
    if (rev === this.#rev) return;
    const before = this.#durable;
    const bytes = this.#only ?? this.#untold(before, durable);
    if (!bytes) return;
    const own = { rev, revs: rev - this.#rev };
    const frame = encodeDown({ kind: 'update', ...own, bytes });
    const [sole] = this.#authors.size === 1 ? this.#authors : [];
    this.#rev = rev;
    this.#durable = durable;
    this.#only = undefined;
    this.#authors.clear();
    this.#pushes = 0;
    this.#lastMs = this.#env.clock.monotonic();
    for (const follower of [...this.#followers])
      follower.updated({ frame, before, own: follower === sole ? own : null });
  }

  /** Null while the document is built anew; `tell` is called after that. */
  #untold(before: Versions, durable: Versions): Uint8Array | null {
    try {
      return this.#source.since(before, durable) ?? new Uint8Array(0);
    } catch (error) {
      if (isFault(error, 'stale_cursor')) return null;
      throw error;
    }
  }

  each(visit: (follower: Follower) => void): void {
    for (const follower of [...this.#followers]) visit(follower);
  }

  close(): void {
    this.#timer?.();
    this.#timer = undefined;
    this.#followers.clear();
  }

  get #windowMs(): number {
    const { tellMsPerReader, maxTellMs } = this.#options;
    return Math.min(maxTellMs, tellMsPerReader * this.#followers.size);
  }
}

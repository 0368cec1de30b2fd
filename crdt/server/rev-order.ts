/**
 * Puts revisions of one document in order. They come from two sides, the document's own commits and those of
 * mutations that edit it, and the news of two that share a COMMIT may come in either order. [D2] One that never
 * comes is `missing` after a while: the document is not what its log says.
 */
import type { Cancel, Clock } from '../../src/base/env.ts';

/** How long a revision may be waited for while a later one is known. */
export const MISSING_MS = 5000;

export class RevOrder {
  readonly #clock: Clock;
  readonly #missing: () => void;
  readonly #later = new Map<number, { apply: () => void; done: () => void }>();
  #rev: number;
  #timer: Cancel | undefined;

  constructor(clock: Clock, rev: number, missing: () => void) {
    this.#clock = clock;
    this.#rev = rev;
    this.#missing = missing;
  }

  /** The last revision that was applied. */
  get rev(): number {
    return this.#rev;
  }

  /**
   * Applies a revision when all before it are; resolves then, or at the end. One that is applied already
   * is left out.
   */
  run(rev: number, apply: () => void): Promise<void> {
    if (rev <= this.#rev) return Promise.resolve();
    return new Promise((done) => {
      this.#later.set(rev, { apply, done });
      this.#drain();
    });
  }

  close(): void {
    this.#timer?.();
    for (const { done } of this.#later.values()) done();
    this.#later.clear();
  }

  #drain(): void {
    for (let next = this.#later.get(this.#rev + 1); next; next = this.#later.get(this.#rev + 1)) {
      this.#later.delete(++this.#rev);
      this.#timer?.();
      this.#timer = undefined;
      next.apply();
      next.done();
    }
    if (this.#later.size > 0) this.#timer ??= this.#clock.after(MISSING_MS, this.#missing);
  }
}

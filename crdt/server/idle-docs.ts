/**
 * Keeps what loaded documents take of memory within a budget: those that nobody has open go before their linger
 * is over, the one unused longest first. Open ones are never let go, whatever they take. [D4] Used by hub.ts.
 */
import type { Cancel } from '../../src/base/env.ts';
import type { DocEntry } from './doc-entry.ts';

export class IdleDocs {
  readonly #options: { readonly maxBytes: number };
  /** What each document was last known to take. */
  readonly #sizes = new Map<DocEntry, number>();
  /** Those without readers, the one unused longest first. */
  readonly #idle = new Set<DocEntry>();
  #sizeBytes = 0;

  constructor(options: { readonly maxBytes: number }) {
    this.#options = options;
  }

  /** Of all documents, as of when each was last opened or left. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Keeps the document loaded until the returned release is called. */
  hold(entry: DocEntry): Cancel {
    const release = entry.acquire();
    this.#idle.delete(entry);
    this.#weigh(entry);
    return () => {
      release();
      if (entry.state !== 'idle') return;
      this.#idle.delete(entry);
      this.#idle.add(entry);
      this.#weigh(entry);
    };
  }

  /** The document is unloaded. */
  forget(entry: DocEntry): void {
    this.#idle.delete(entry);
    this.#sizeBytes -= this.#sizes.get(entry) ?? 0;
    this.#sizes.delete(entry);
  }

  /** Begins to unload the one that was unused longest. False: all are in use. */
  unloadOne(): boolean {
    const [oldest] = this.#idle;
    if (!oldest) return false;
    this.#idle.delete(oldest);
    void oldest.unload();
    return true;
  }

  #weigh(entry: DocEntry): void {
    const sizeBytes = entry.sizeBytes;
    this.#sizeBytes += sizeBytes - (this.#sizes.get(entry) ?? 0);
    this.#sizes.set(entry, sizeBytes);
    // One that is being unloaded counts until it is gone, so each round lets go of as much as is over the budget.
    let overBytes = this.#sizeBytes - this.#options.maxBytes;
    for (const oldest of this.#idle) {
      if (overBytes <= 0) break;
      overBytes -= this.#sizes.get(oldest) ?? 0;
      this.#idle.delete(oldest);
      void oldest.unload();
    }
  }
}

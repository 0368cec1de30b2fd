/**
 * A set of listeners for one event. A listener may remove itself or others, or add some, while it is
 * called: a removed one is not called any more, an added one from the next event on.
 */
import type { Cancel } from './env.ts';

export class Emitter<Args extends unknown[]> {
  readonly #listeners = new Set<(...args: Args) => void>();

  get size(): number {
    return this.#listeners.size;
  }

  on(listener: (...args: Args) => void): Cancel {
    const own = (...args: Args) => listener(...args); // the same function may be added twice
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  emit(...args: Args): void {
    for (const listener of [...this.#listeners]) if (this.#listeners.has(listener)) listener(...args);
  }

  clear(): void {
    this.#listeners.clear();
  }
}

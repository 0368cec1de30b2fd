/**
 * Counts users of a resource and ends it `lingerMs` after the last release, unless somebody returns. [D4]
 *
 *   free --acquire--> held --release--> lingering --timer--> free (onIdle)
 *                      ^------acquire------'              any --close()--> closed (terminal, no onIdle)
 */
import type { Cancel, Clock } from './env.ts';

export class Refcount {
  readonly #clock: Clock;
  readonly #lingerMs: number;
  readonly #onIdle: () => void;
  #count = 0;
  #timer: Cancel | undefined;
  #closed = false;

  constructor(clock: Clock, lingerMs: number, onIdle: () => void) {
    this.#clock = clock;
    this.#lingerMs = lingerMs;
    this.#onIdle = onIdle;
  }

  get count(): number {
    return this.#count;
  }

  /** Returns the release of this one acquisition; calling it twice does nothing. */
  acquire(): Cancel {
    this.#count++;
    this.#timer?.();
    this.#timer = undefined;
    let released = false;
    return () => {
      if (released) return;
      released = true;
      if (--this.#count === 0 && !this.#closed) this.#timer = this.#clock.after(this.#lingerMs, this.#onIdle);
    };
  }

  /** For when the resource was ended by other means: `onIdle` is not called any more, whoever releases. */
  close(): void {
    this.#closed = true;
    this.#timer?.();
    this.#timer = undefined;
  }
}

/** Listeners of the app: what one of them throws is logged, and stops neither the others nor the engine. */
import { Emitter } from '../base/emitter.ts';
import type { Cancel, Log } from '../base/env.ts';

export class Listeners<Args extends unknown[]> {
  readonly #emitter = new Emitter<Args>();
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  get size(): number {
    return this.#emitter.size;
  }

  on(listener: (...args: Args) => void): Cancel {
    return this.#emitter.on((...args) => {
      try {
        listener(...args);
      } catch (error) {
        this.#log.error('client.listener', { error });
      }
    });
  }

  emit(...args: Args): void {
    this.#emitter.emit(...args);
  }

  clear(): void {
    this.#emitter.clear();
  }
}

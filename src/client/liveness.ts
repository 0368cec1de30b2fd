/** Notices that a peer fell silent: `onSilent` once nothing was heard for `limitMs`. Used by Connection. */
import type { Cancel, Clock } from '../base/env.ts';

export class Liveness {
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #onSilent: () => void;
  #heardMs: number;
  #timer: Cancel;

  constructor(clock: Clock, limitMs: number, onSilent: () => void) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#onSilent = onSilent;
    this.#heardMs = clock.monotonic();
    this.#timer = clock.after(limitMs, () => this.#check());
  }

  /** Cheap: no timer is moved. */
  heard(): void {
    this.#heardMs = this.#clock.monotonic();
  }

  close(): void {
    this.#timer();
  }

  #check(): void {
    const leftMs = this.#heardMs + this.#limitMs - this.#clock.monotonic();
    if (leftMs <= 0) this.#onSilent();
    else this.#timer = this.#clock.after(leftMs, () => this.#check());
  }
}

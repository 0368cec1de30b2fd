/** Bytes in a second, measured over the last whole second. */
import type { Clock } from '../../src/base/env.ts';

export class RateMeter {
  readonly #clock: Clock;
  #sinceMs: number;
  #sum = 0;
  #perSecond = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#sinceMs = clock.monotonic();
  }

  add(amount: number): void {
    this.#roll();
    this.#sum += amount;
  }

  get perSecond(): number {
    this.#roll();
    return this.#perSecond;
  }

  #roll(): void {
    const passedMs = this.#clock.monotonic() - this.#sinceMs;
    if (passedMs < 1000) return;
    this.#perSecond = (this.#sum * 1000) / passedMs;
    this.#sum = 0;
    this.#sinceMs += passedMs;
  }
}

/**
 * What time it is for deciding what is old enough to be forgotten: the wall clock, but never later than its
 * reading at the start plus the time that has passed since. A wall clock that jumps ahead makes nothing old. [L3] [L4]
 */
import type { Clock } from '../base/env.ts';

export class AgeClock {
  readonly #clock: Clock;
  /** Wall time at the origin of the monotonic clock. */
  readonly #originMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#originMs = clock.now() - clock.monotonic();
  }

  now(): number {
    return Math.min(this.#clock.now(), this.#originMs + this.#clock.monotonic());
  }
}

/**
 * When an event-driven shard ticks, and how long its ticks are. Its Shard says what happened; the scheduler is
 * asked for a tick, and keeps them from coming too fast. [N3]
 *
 *   resting --something came--> waiting --tick--> resting
 *   resting --inputs are left, or somebody is behind and BEHIND_MS are over--> waiting
 */
import type { Cancel, Clock } from '../../src/base/env.ts';
import type { Seat } from './seat.ts';

/** After so long it is tried again to send a frame to those who could not take one. */
const BEHIND_MS = 250;

export class EventPace {
  readonly #clock: Clock;
  readonly #wake: () => void;
  readonly #behind = new Set<Seat>();
  #tickedMs: number;
  #again: Cancel | undefined;
  #stopped = false;

  constructor(clock: Clock, wake: () => void) {
    this.#clock = clock;
    this.#wake = wake;
    this.#tickedMs = clock.monotonic();
  }

  /** Something has come that the last tick did not know. */
  wake(): void {
    if (!this.#stopped) this.#wake();
  }

  /** A player's frame was taken in, or his channel can take one. */
  heard(seat: Seat): void {
    if (seat.waits || this.#behind.has(seat)) this.wake();
  }

  /** Whether the last frame was made for a player who is here. */
  sent(seat: Seat, sent: boolean): void {
    if (sent) this.#behind.delete(seat);
    else this.#behind.add(seat);
  }

  /** He is not here any more, or begins anew. */
  gone(seat: Seat): void {
    this.#behind.delete(seat);
  }

  /** The time since the last tick, in whole milliseconds; the rest goes to the next one. */
  passedSeconds(): number {
    const passedMs = Math.floor(this.#clock.monotonic() - this.#tickedMs);
    this.#tickedMs += passedMs;
    return passedMs / 1000;
  }

  /** A tick is over. */
  ticked(seats: Iterable<Seat>): void {
    this.#again?.();
    for (const seat of seats) if (seat.inputs.waiting > 0) return this.wake();
    if (this.#behind.size > 0 && !this.#stopped)
      this.#again = this.#clock.after(BEHIND_MS, () => this.wake());
  }

  stop(): void {
    this.#stopped = true;
    this.#again?.();
  }
}

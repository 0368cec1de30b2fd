/**
 * One loop for all shards of the process: a single timer, armed for the shard that is due next. Due times
 * are counted from the first one, not from the last run, so a tick rate does not drift as an interval does.
 * [T9] A late shard makes up for at most `maxCatchUpTicks` in one turn; the time beyond is dropped. Both
 * are counted.
 */
import type { Cancel, Clock } from '../../src/base/env.ts';

/** `last`: no other tick of this shard follows in this turn, so now is the time to send. */
export type TickTask = (last: boolean) => void;

interface Entry {
  readonly intervalMs: number;
  readonly run: TickTask;
  dueMs: number;
}

export class Scheduler {
  readonly #clock: Clock;
  readonly #maxCatchUpTicks: number;
  readonly #entries = new Set<Entry>();
  #timer: Cancel | undefined;
  #running = false;
  #ticks = 0;
  #caughtUp = 0;
  #dropped = 0;

  constructor(clock: Clock, maxCatchUpTicks: number) {
    this.#clock = clock;
    this.#maxCatchUpTicks = maxCatchUpTicks;
  }

  /** Ticks run since the start. */
  get ticks(): number {
    return this.#ticks;
  }

  /** Ticks that ran late, in the turn of a later one. */
  get caughtUp(): number {
    return this.#caughtUp;
  }

  /** Ticks that never ran. */
  get dropped(): number {
    return this.#dropped;
  }

  /** `run` must not throw. The first tick is one interval from now. */
  add(tickRate: number, run: TickTask): Cancel {
    const intervalMs = 1000 / tickRate;
    const entry: Entry = { intervalMs, run, dueMs: this.#clock.monotonic() + intervalMs };
    this.#entries.add(entry);
    if (!this.#running) this.#arm();
    return () => {
      this.#entries.delete(entry);
      if (!this.#running) this.#arm();
    };
  }

  close(): void {
    this.#entries.clear();
    this.#arm();
  }

  #run(): void {
    this.#running = true;
    const nowMs = this.#clock.monotonic();
    for (const entry of this.#entries) {
      if (entry.dueMs > nowMs) continue;
      const due = Math.floor((nowMs - entry.dueMs) / entry.intervalMs) + 1;
      const steps = Math.min(due, this.#maxCatchUpTicks);
      entry.dueMs += due * entry.intervalMs;
      this.#dropped += due - steps;
      this.#caughtUp += steps - 1;
      for (let left = steps; left > 0 && this.#entries.has(entry); left--) {
        this.#ticks++;
        entry.run(left === 1);
      }
    }
    this.#running = false;
    this.#arm();
  }

  #arm(): void {
    this.#timer?.();
    this.#timer = undefined;
    if (this.#entries.size === 0) return;
    let nextMs = Number.POSITIVE_INFINITY;
    for (const { dueMs } of this.#entries) nextMs = Math.min(nextMs, dueMs);
    this.#timer = this.#clock.after(nextMs - this.#clock.monotonic(), () => this.#run());
  }
}

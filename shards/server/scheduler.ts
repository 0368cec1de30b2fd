/**
 * One loop for all shards of a thread: a single timer, armed for the shard that is due next. Due times are
 * counted from the first one, not from the last run, so a tick rate does not drift as an interval does.
 * Event-driven shards have no due time until they are woken.
 * [T9] A late shard makes up for at most `maxCatchUpTicks` in one turn; the time beyond is dropped. Both
 * are counted, and how late each tick began.
 */
import type { Cancel, Clock } from '../../src/base/env.ts';
import { Lateness } from './lateness.ts';

/** `last`: no other tick of this shard follows in this turn, so now is the time to send. */
export type TickTask = (last: boolean) => void;

/** A shard's place in the loop. */
export interface Ticking {
  /** An event-driven shard has something to compute. Others tick anyway, and this does nothing. */
  wake(): void;
  /** Takes the shard out. Doing it twice does nothing. */
  stop(): void;
}

export interface TickCounts {
  /** Ticks run since the start. */
  ticks: number;
  /** Ticks that ran late, in the turn of a later one. */
  caughtUp: number;
  /** Ticks that never ran. */
  dropped: number;
}

interface Entry {
  readonly intervalMs: number;
  readonly eventDriven: boolean;
  readonly run: TickTask;
  /** When the next tick is due; infinite for an event-driven shard at rest. */
  dueMs: number;
  /** An event-driven shard ticks no sooner than this. */
  earliestMs: number;
}

export class Scheduler {
  readonly counts: TickCounts = { ticks: 0, caughtUp: 0, dropped: 0 };
  readonly lateness: Lateness;
  readonly #clock: Clock;
  readonly #maxCatchUpTicks: number;
  readonly #entries = new Set<Entry>();
  #timer: Cancel | undefined;
  #running = false;

  constructor(clock: Clock, maxCatchUpTicks: number) {
    this.#clock = clock;
    this.#maxCatchUpTicks = maxCatchUpTicks;
    this.lateness = new Lateness(clock);
  }

  /** `run` must not throw. The first tick is one interval from now. */
  add(tickRate: number, run: TickTask): Ticking {
    const intervalMs = 1000 / tickRate;
    const dueMs = this.#clock.monotonic() + intervalMs;
    return this.#enter({ intervalMs, eventDriven: false, run, dueMs, earliestMs: 0 });
  }

  /** For an event-driven shard: `run` is called once for each `wake`, wakes within `1 / maxRate` together. */
  addEventDriven(maxRate: number, run: TickTask): Ticking {
    return this.#enter({
      intervalMs: 1000 / maxRate,
      eventDriven: true,
      run,
      dueMs: Number.POSITIVE_INFINITY,
      earliestMs: 0,
    });
  }

  close(): void {
    this.#entries.clear();
    this.#arm();
  }

  #enter(entry: Entry): Ticking {
    this.#entries.add(entry);
    this.#arm();
    return {
      wake: () => {
        if (!entry.eventDriven || entry.dueMs !== Number.POSITIVE_INFINITY) return;
        entry.dueMs = Math.max(this.#clock.monotonic(), entry.earliestMs);
        this.#arm();
      },
      stop: () => {
        if (this.#entries.delete(entry)) this.#arm();
      },
    };
  }

  #run(): void {
    this.#running = true;
    for (const entry of this.#entries) {
      // Asked again for each: those before it in this turn took their time.
      const nowMs = this.#clock.monotonic();
      if (entry.dueMs > nowMs) continue;
      if (entry.eventDriven) this.#runWoken(entry, nowMs);
      else this.#runDue(entry, nowMs);
    }
    this.#running = false;
    this.#arm();
  }

  #runDue(entry: Entry, nowMs: number): void {
    const due = Math.floor((nowMs - entry.dueMs) / entry.intervalMs) + 1;
    const steps = Math.min(due, this.#maxCatchUpTicks);
    const { dueMs } = entry;
    entry.dueMs += due * entry.intervalMs;
    this.counts.dropped += due - steps;
    this.counts.caughtUp += steps - 1;
    for (let i = 0; i < steps && this.#entries.has(entry); i++) {
      this.counts.ticks++;
      this.lateness.add(nowMs - dueMs - i * entry.intervalMs);
      entry.run(i === steps - 1);
    }
  }

  #runWoken(entry: Entry, nowMs: number): void {
    this.counts.ticks++;
    this.lateness.add(nowMs - entry.dueMs);
    entry.dueMs = Number.POSITIVE_INFINITY;
    entry.earliestMs = nowMs + entry.intervalMs;
    entry.run(true);
  }

  #arm(): void {
    if (this.#running) return;
    this.#timer?.();
    this.#timer = undefined;
    let nextMs = Number.POSITIVE_INFINITY;
    for (const { dueMs } of this.#entries) nextMs = Math.min(nextMs, dueMs);
    if (nextMs === Number.POSITIVE_INFINITY) return;
    this.#timer = this.#clock.after(nextMs - this.#clock.monotonic(), () => this.#run());
  }
}

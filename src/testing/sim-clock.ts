/**
 * Time that moves only when told to. Tasks run in order of due time, then in order of their making, so a
 * run is a pure function of its seed. Between two tasks all promise reactions are let through.
 */
import type { Cancel, Clock } from '../base/env.ts';

interface Task {
  dueMs: number;
  order: number;
  run: () => void;
}

/** Where a simulation begins: an arbitrary fixed moment. */
export const SIM_EPOCH_MS = Date.UTC(2026, 0, 1);

export class SimClock implements Clock {
  #nowMs = 0;
  #order = 0;
  #skewMs = 0;
  readonly #tasks = new Set<Task>();

  now(): number {
    return SIM_EPOCH_MS + this.#skewMs + Math.floor(this.#nowMs);
  }

  monotonic(): number {
    return this.#nowMs;
  }

  after(delayMs: number, run: () => void): Cancel {
    const task = { dueMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, run };
    this.#tasks.add(task);
    return () => this.#tasks.delete(task);
  }

  soon(run: () => void): void {
    this.after(0, run);
  }

  /** Moves the wall clock alone, as an administrator or NTP would. */
  jump(byMs: number): void {
    this.#skewMs += byMs;
  }

  /** Tasks that wait for their time. */
  get pending(): number {
    return this.#tasks.size;
  }

  /** Runs the next task, moving time to it. False when there is none. */
  async step(): Promise<boolean> {
    await settled();
    let next: Task | undefined;
    for (const task of this.#tasks) {
      if (!next || task.dueMs < next.dueMs || (task.dueMs === next.dueMs && task.order < next.order))
        next = task;
    }
    if (!next) return false;
    this.#tasks.delete(next);
    this.#nowMs = Math.max(this.#nowMs, next.dueMs);
    next.run();
    await settled();
    return true;
  }

  /** Moves time on by `ms`, running all that falls due on the way. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    for (;;) {
      await settled();
      let due = false;
      for (const task of this.#tasks) due ||= task.dueMs <= endMs;
      if (!due) break;
      await this.step();
    }
    this.#nowMs = endMs;
  }

  /** Runs until `done` holds. Throws after `limitMs` of simulated time. */
  async until(done: () => boolean, limitMs = 60_000): Promise<void> {
    const endMs = this.#nowMs + limitMs;
    await settled();
    while (!done()) {
      if (this.#nowMs > endMs) throw new Error(`not reached within ${limitMs} ms of simulated time`);
      if (!(await this.step())) throw new Error('nothing left to run, and the condition does not hold');
    }
  }

  /** Runs until `promise` settles, and settles as it does. */
  async run<T>(promise: Promise<T>, limitMs?: number): Promise<T> {
    let done = false;
    const settle = () => {
      done = true;
    };
    promise.then(settle, settle);
    await this.until(() => done, limitMs);
    return promise;
  }
}

/** Lets every promise reaction run that is ready, and those that they make ready. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

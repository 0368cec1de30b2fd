/**
 * Ends a job that does not end by itself. Nearly all jobs begin and end within one turn of the event loop,
 * so nothing is set up for a job: at the end of each turn in which one began, it is looked whether it still
 * runs. One that may wait for its transaction alone is given up there and then [Q4], another at its deadline.
 */
import type { Cancel, Clock } from '../base/env.ts';
import { Fault } from '../base/fault.ts';

export interface Watched {
  /** Name of a function that may wait for its transaction alone. */
  readonly pure: string | undefined;
  giveUp(reason: Fault): void;
}

export class JobWatch {
  readonly #clock: Clock;
  readonly #deadlineMs: number;
  #job: Watched | undefined;
  #looksSoon = false;
  #cancel: Cancel | undefined;

  constructor(clock: Clock, deadlineMs: number) {
    this.#clock = clock;
    this.#deadlineMs = deadlineMs;
  }

  begin(job: Watched): void {
    this.#job = job;
    if (this.#looksSoon) return;
    this.#looksSoon = true;
    this.#clock.soon(() => this.#look());
  }

  end(): void {
    this.#job = undefined;
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #look(): void {
    this.#looksSoon = false;
    const job = this.#job;
    if (!job || this.#cancel) return;
    if (job.pure !== undefined) {
      const what = `${job.pure} waited for something that is not its ctx: a mutation does no I/O`;
      job.giveUp(new Fault('internal', what));
      return;
    }
    const late = `a write took longer than ${this.#deadlineMs} ms and was rolled back`;
    this.#cancel = this.#clock.after(this.#deadlineMs, () => job.giveUp(new Fault('timeout', late)));
  }
}

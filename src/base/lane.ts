/** One task at a time, in order of arrival; a failing task does not stop the ones behind it. Bounded. */
import { Fault } from './fault.ts';

export class Lane {
  readonly #maxWaiting: number;
  #tail: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(maxWaiting = 10_000) {
    this.#maxWaiting = maxWaiting;
  }

  /** Tasks waiting or running. */
  get size(): number {
    return this.#waiting;
  }

  /** Rejects with `overloaded` when the lane is full, else as the task does. */
  run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#waiting >= this.#maxWaiting) {
      return Promise.reject(new Fault('overloaded', `more than ${this.#maxWaiting} tasks waiting`));
    }
    this.#waiting++;
    const result = this.#tail.then(task).finally(() => this.#waiting--);
    this.#tail = result.catch(() => {});
    return result;
  }

  /** Resolves when all that was queued so far has ended. */
  async idle(): Promise<void> {
    await this.#tail;
  }
}

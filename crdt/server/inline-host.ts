/**
 * Runs the materialiser's jobs on the caller's own thread: for tests and simulations, where all must happen in a
 * known order, and where a worker cannot start. A long job holds the event loop.
 */

import type { JobHost } from './materialiser.ts';
import {
  type Bytes,
  Desk,
  type JobAnswer,
  type JobInput,
  type JobName,
  runJob,
} from './materialiser-jobs.ts';

export class InlineHost implements JobHost {
  readonly life = 1;
  readonly #desk = new Desk();

  async run<K extends JobName>(name: K, input: JobInput<K>, bytes: Bytes): Promise<JobAnswer<K>> {
    const outcome = runJob(this.#desk, { name, input }, bytes);
    if (!outcome.ok) throw outcome.fault;
    return outcome.answer;
  }

  async close(): Promise<void> {
    this.#desk.clear();
  }
}

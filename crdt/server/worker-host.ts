/**
 * Runs the materialiser's jobs in a worker thread, so that ticks and other documents never wait for them. The
 * thread starts with the first job, unless it is told before. It is replaced when it dies, when a job takes too long, after `maxTraps` traps
 * (each leaves some damage behind [D3]) and when its memory has grown; whoever had a shadow there feeds a new one.
 */
import type { Env } from '../../src/base/env.ts';
import { Fault } from '../../src/base/fault.ts';
import { JobThread } from './job-thread.ts';
import type { JobHost } from './materialiser.ts';
import type { Bytes, JobAnswer, JobInput, JobName } from './materialiser-jobs.ts';
import type { DocsOptions } from './options.ts';

/** A thread that needs more than `maxWorkerBytes` at once is not replaced all the time for it. */
const SHORTEST_LIFE_MS = 60_000;

export class WorkerHost implements JobHost {
  readonly #env: Env;
  readonly #options: DocsOptions;
  #thread: JobThread | undefined;
  #life = 0;
  #bornMs = 0;
  #traps = 0;
  #closed = false;

  constructor(env: Env, options: DocsOptions) {
    this.#env = env;
    this.#options = options;
  }

  get life(): number {
    return this.#life;
  }

  async run<K extends JobName>(name: K, input: JobInput<K>, bytes: Bytes): Promise<JobAnswer<K>> {
    if (this.#closed) throw new Fault('unavailable', 'the server is closing');
    if (!this.#thread) this.#begin();
    const thread = this.#thread!;
    // `close` only ever shortens what is to come, and there are no more of them than shadows.
    if (thread.pending >= this.#options.maxJobs && name !== 'close')
      throw new Fault('overloaded', 'too many documents wait for the materialiser');
    return thread.run(name, input, bytes) as Promise<JobAnswer<K>>; // the worker runs the same table of jobs
  }

  /** Starts the thread before it is needed: the first thread of a process takes this one some milliseconds. */
  start(): void {
    if (!this.#thread && !this.#closed) this.#begin();
  }

  async close(): Promise<void> {
    this.#closed = true;
    const thread = this.#thread;
    this.#leave();
    await thread?.end(new Fault('unavailable', 'the server is closing'));
  }

  #begin(): void {
    this.#traps = 0;
    this.#bornMs = this.#env.clock.monotonic();
    const thread = new JobThread(
      this.#env,
      {
        trapped: () => this.#trapped(thread),
        idle: (memoryBytes) => this.#idle(thread, memoryBytes),
        died: () => this.#thread === thread && this.#leave(),
      },
      this.#options,
    );
    this.#thread = thread;
  }

  #trapped(thread: JobThread): void {
    if (thread !== this.#thread || ++this.#traps < this.#options.maxTraps) return;
    this.#env.log.warn('docs.worker_replaced', { traps: this.#traps });
    this.#leave();
    thread.retire();
  }

  #idle(thread: JobThread, memoryBytes: number): void {
    const { maxWorkerBytes } = this.#options;
    if (thread !== this.#thread || memoryBytes <= maxWorkerBytes) return;
    if (this.#env.clock.monotonic() - this.#bornMs < SHORTEST_LIFE_MS) return;
    this.#env.log.info('docs.worker_replaced', { memoryBytes });
    this.#leave();
    thread.retire();
  }

  /** The next job begins anew. */
  #leave(): void {
    this.#thread = undefined;
    this.#life++;
  }
}

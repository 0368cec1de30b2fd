/**
 * Runs scheduled jobs when they are due, in order of due time. A mutation takes its job out in its own
 * transaction, so it runs exactly once; an action is claimed before it begins and runs at most once. [L9]
 * Made by Functions, started by the host.
 *
 *   stopped --start()--> waiting --timer of the next due job--> looking --> waiting ... --stop()--> stopped
 *
 * The database is read when a job is due and at start, never to find that nothing is.
 */
import { backoffMs } from '../base/backoff.ts';
import type { Cancel, Env } from '../base/env.ts';
import { Fault, isFault, toFault } from '../base/fault.ts';
import type { SqlRow } from '../store/sql-driver.ts';
import type { Store } from '../store/store.ts';
import type { Transaction } from '../store/transaction.ts';
import {
  claim,
  FAILED,
  type FailedJob,
  type Job,
  listRunning,
  markFailed,
  PENDING,
  readFailedJob,
  readJob,
  removePending,
  removeRunning,
} from './job-table.ts';
import type { RegisteredFunction, Registry } from './registry.ts';
import type { JobLimits } from './schedule.ts';

/** Longest timer: hosts cannot wait for more than 2^31 ms, and a jump of the wall clock is seen within the hour. */
export const MAX_TIMER_MS = 3600 * 1000;
/** After a failure of the store, not of a job. */
const RETRY = { baseMs: 100, capMs: 30_000 };

export interface JobRunnerDeps {
  readonly store: Store;
  readonly registry: Registry;
  readonly limits: JobLimits;
  /**
   * `begin` is called in a transaction before the function runs, for a mutation in its own; where it throws,
   * the function does not run. `failed` hears of what the handler threw.
   */
  readonly run: (fn: RegisteredFunction, job: Job, hooks: JobHooks) => Promise<unknown>;
}

export interface JobHooks {
  begin(tx: Transaction): Promise<void>;
  /** What `begin` wrote for an action is committed. */
  begun(): void;
  failed(error: unknown): void;
}

export class JobRunner {
  readonly #env: Env;
  readonly #deps: JobRunnerDeps;
  readonly #running = new Set<string>();
  #started = false;
  /** When the next job is due, as far as is known. */
  #due: number | undefined;
  #timer: Cancel | undefined;
  #looking = false;
  #retries = 0;
  #notBefore = 0;

  constructor(env: Env, deps: JobRunnerDeps) {
    this.#env = env;
    this.#deps = deps;
  }

  /** Jobs that run; a drain waits for them. */
  get size(): number {
    return this.#running.size;
  }

  /** The store is open. Jobs whose time has passed meanwhile run at once. */
  async start(): Promise<void> {
    const { store, limits } = this.#deps;
    const at = this.#env.clock.now();
    const error = new Fault('cancelled', 'the server went down while it ran; it is not run again').toJSON();
    const { value: cut } = await store.write(async ({ tx }) => {
      const jobs = await listRunning(tx);
      for (const { id } of jobs) await markFailed(tx, { id, error, at }, limits.jobsFailedKept);
      return jobs;
    });
    for (const { id, fn } of cut) this.#env.log.error('job.failed', { job: id, function: fn, ...error });
    this.#started = true;
    this.#due = at;
    this.#arm();
  }

  /** Begins no more jobs. */
  stop(): void {
    this.#started = false;
    this.#timer?.();
    this.#timer = undefined;
  }

  /** There may be a job that is due then. */
  wake(dueMs: number): void {
    if (this.#due !== undefined && this.#due <= dueMs) return;
    this.#due = dueMs;
    this.#arm();
  }

  /** Jobs that failed, the last one first: at most `limit`. */
  failed(limit = this.#deps.limits.jobsFailedKept): Promise<FailedJob[]> {
    return this.#deps.store.read(async (snapshot) =>
      (await snapshot.all(FAILED, [limit])).map(readFailedJob),
    );
  }

  #arm(): void {
    this.#timer?.();
    this.#timer = undefined;
    const full = this.#running.size >= this.#deps.limits.jobsAtOnce;
    if (!this.#started || this.#looking || full || this.#due === undefined) return;
    const { clock } = this.#env;
    const delay = Math.max(this.#due - clock.now(), this.#notBefore - clock.monotonic(), 0);
    this.#timer = clock.after(Math.min(delay, MAX_TIMER_MS), () => {
      this.#timer = undefined;
      const isTime = this.#due! <= clock.now() && this.#notBefore <= clock.monotonic();
      if (isTime) void this.#look();
      else this.#arm();
    });
  }

  async #look(): Promise<void> {
    this.#looking = true;
    this.#due = undefined;
    const { store, limits } = this.#deps;
    try {
      // Mutations that run are pending until they commit.
      const limit = limits.jobsAtOnce + 1;
      const rows = await store.read((snapshot) => snapshot.all(PENDING, [limit]));
      for (const row of rows) {
        if (!this.#started) break;
        if (this.#running.has(String(row.id))) continue;
        const due = Number(row.due);
        if (due > this.#env.clock.now() || this.#running.size >= limits.jobsAtOnce) {
          this.wake(due);
          break;
        }
        this.#begin(row);
      }
    } catch (error) {
      this.#pause(error);
    }
    this.#looking = false;
    this.#arm();
  }

  #begin(row: SqlRow): void {
    const id = String(row.id);
    this.#running.add(id);
    this.#run(id, row)
      .then(() => {
        this.#retries = 0;
      })
      .catch((error) => this.#pause(error))
      .finally(() => {
        this.#running.delete(id);
        this.#arm();
      });
  }

  /** Rejects when the job is still to be run. */
  async #run(id: string, row: SqlRow): Promise<void> {
    const { registry, run } = this.#deps;
    let kind: RegisteredFunction['kind'] | undefined;
    let thrown: unknown;
    let gone = false;
    let begun = false;
    try {
      const job = readJob(row);
      const fn = registry.scheduled(job.fn);
      kind = fn.kind;
      await run(fn, job, {
        begin: async (tx) => {
          gone = !(await (kind === 'mutation' ? removePending : claim)(tx, id));
          if (gone) throw new Fault('cancelled', 'the job was cancelled');
        },
        begun: () => {
          begun = true;
        },
        failed: (error) => {
          thrown = error;
        },
      });
      if (kind === 'mutation') return;
    } catch (error) {
      if (gone) return;
      const mayRepeat = kind === 'mutation' || !begun;
      const isOwn = thrown === error && !isFault(error, 'storage');
      if (mayRepeat && !isOwn && isPassing(error)) throw error;
      return this.#fail(id, String(row.fn), error);
    }
    await this.#settle(id, (tx) => removeRunning(tx, id));
  }

  async #fail(id: string, fn: string, error: unknown): Promise<void> {
    const stack = error instanceof Fault ? undefined : error instanceof Error ? error.stack : String(error);
    const fault = toFault(error).toJSON();
    this.#env.log.error('job.failed', { job: id, function: fn, ...fault, stack });
    const at = this.#env.clock.now();
    const { jobsFailedKept } = this.#deps.limits;
    await this.#settle(id, (tx) => markFailed(tx, { id, error: fault, at }, jobsFailedKept));
  }

  /** What could not be written down of an action is written at the next start, as one that was cut off. */
  async #settle(id: string, write: (tx: Transaction) => Promise<void>): Promise<void> {
    try {
      await this.#deps.store.write(({ tx }) => write(tx));
    } catch (error) {
      this.#env.log.error('job.not_stored', { job: id, error: String(error) });
      throw error;
    }
  }

  /** The store is full, damaged or closing: nothing is tried for a while. */
  #pause(error: unknown): void {
    if (!this.#started) return;
    const { clock, random, log } = this.#env;
    log.warn('job.paused', { error: String(error) });
    this.#notBefore = clock.monotonic() + backoffMs(this.#retries++, random, RETRY);
    this.wake(clock.now());
  }
}

function isPassing(error: unknown): boolean {
  return isFault(error, 'storage') || isFault(error, 'overloaded') || isFault(error, 'unavailable');
}

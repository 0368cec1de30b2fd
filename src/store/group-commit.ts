/**
 * The one writer. Jobs run one after another, many per COMMIT: one disk flush pays for the whole group. A
 * job's promise resolves after the COMMIT [L2]; a job that throws is taken back alone; when the COMMIT
 * itself fails, every job of the group fails and nothing was written.
 *
 *   idle --run()--> scheduled --end of turn--> writing --queue empty--> idle
 */

import type { Env } from '../base/env.ts';
import { Fault } from '../base/fault.ts';
import type { Schema } from '../schema/define-schema.ts';
import type { ChangeLog, Commit } from './change-log.ts';
import { JobWatch } from './job-watch.ts';
import { RowStatements, type Statement } from './row-statements.ts';
import type { SqlDriver } from './sql-driver.ts';
import { type Change, Transaction } from './transaction.ts';

export interface GroupCommitOptions {
  /** Jobs per COMMIT. */
  maxGroup: number;
  /** Jobs that may wait; one more is refused as `overloaded`. */
  maxWaiting: number;
  /** A job that takes longer is rolled back with `timeout`. */
  deadlineMs: number;
}

export const DEFAULT_GROUP_COMMIT: GroupCommitOptions = {
  maxGroup: 128,
  maxWaiting: 10_000,
  deadlineMs: 5000,
};

export interface JobContext {
  readonly tx: Transaction;
  /**
   * A statement that is run when the job has succeeded, in its transaction; `make` gets the seq of the job's
   * changes, null when there are none. If the statement fails, the whole group does.
   */
  atEnd(make: Ending): void;
  /**
   * Called right after the COMMIT and after the news of its rows, in the order of the jobs, before any job's
   * promise resolves; not called when the job is taken back. It may not throw.
   */
  afterCommit(task: () => void): void;
}

type Ending = (seq: number | null) => Statement | undefined;

export type Work<T> = (context: JobContext) => Promise<T>;

export interface WriteOptions {
  /** Name of a function that may wait for its transaction alone; if it waits for more, it is taken back. [Q4] */
  readonly pure?: string;
}

interface Job {
  readonly work: Work<unknown>;
  readonly pure: string | undefined;
  resolve(written: Written<unknown>): void;
  reject(error: unknown): void;
}

export interface Written<T> {
  readonly value: T;
  /** Null when the job changed no row. */
  readonly seq: number | null;
}

type Outcome =
  | { ok: true; written: Written<unknown>; tasks: readonly (() => void)[] }
  | { ok: false; error: unknown };

interface Deps {
  readonly driver: SqlDriver;
  readonly schema: Schema;
  readonly log: ChangeLog;
  /** Called after each COMMIT with its transactions, before the jobs' promises resolve. */
  readonly committed: (commits: Commit[]) => void;
  /** When a transaction is said to have been. */
  readonly now: () => number;
  /** Called with each transaction that wrote rows, after its last write; `tx` is for reading. */
  readonly closing?: (tx: Transaction, commit: Commit) => Promise<void> | undefined;
}

export class GroupCommit {
  readonly #env: Env;
  readonly #deps: Deps;
  readonly #options: GroupCommitOptions;
  readonly #rows: RowStatements;
  readonly #watch: JobWatch;
  #queue: Job[] = [];
  #running = false;
  #seq = 0;
  #closed: Fault | undefined;

  constructor(env: Env, deps: Deps, options: GroupCommitOptions) {
    this.#env = env;
    this.#deps = deps;
    this.#options = options;
    this.#rows = new RowStatements(deps.schema);
    this.#watch = new JobWatch(env.clock, options.deadlineMs);
  }

  /** The seq of the last committed transaction. */
  get seq(): number {
    return this.#seq;
  }

  /** Sets where counting goes on from, at start. */
  open(seq: number): void {
    this.#seq = seq;
  }

  get waiting(): number {
    return this.#queue.length;
  }

  run<T>(work: Work<T>, { pure }: WriteOptions = {}): Promise<Written<T>> {
    if (this.#closed) return Promise.reject(this.#closed);
    if (this.#queue.length >= this.#options.maxWaiting) {
      return Promise.reject(new Fault('overloaded', `more than ${this.#options.maxWaiting} writes waiting`));
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ work, pure, resolve: resolve as Job['resolve'], reject });
      if (this.#running) return;
      this.#running = true;
      this.#env.clock.soon(() => void this.#pump());
    });
  }

  /** Refuses new jobs; resolves when those that wait are done. */
  async close(): Promise<void> {
    this.#closed ??= new Fault('unavailable', 'the store is closing');
    while (this.#running) await new Promise<void>((resolve) => this.#env.clock.soon(resolve));
  }

  async #pump(): Promise<void> {
    while (this.#queue.length > 0) {
      await this.#writeGroup();
      // Let sockets be read between two groups, so that the next one fills.
      await new Promise<void>((resolve) => this.#env.clock.soon(resolve));
    }
    this.#running = false;
  }

  async #writeGroup(): Promise<void> {
    const { driver } = this.#deps;
    const jobs = this.#queue.splice(0, this.#options.maxGroup);
    const outcomes: Outcome[] = [];
    const commits: Commit[] = [];
    try {
      await driver.run('BEGIN IMMEDIATE');
      for (const job of jobs) outcomes.push(await this.#writeOne(job, commits));
      await driver.run('COMMIT');
    } catch (error) {
      await driver.run('ROLLBACK').catch(() => {}); // a failed BEGIN left nothing to roll back
      this.#fail(jobs, outcomes, error);
      return;
    }
    if (commits.length > 0) {
      this.#seq += commits.length;
      this.#deps.committed(commits);
    }
    for (const outcome of outcomes) if (outcome.ok) for (const task of outcome.tasks) task();
    for (const [i, job] of jobs.entries()) {
      const outcome = outcomes[i]!;
      if (outcome.ok) job.resolve(outcome.written);
      else job.reject(outcome.error);
    }
  }

  /** A job that had failed by itself keeps its own reason. */
  #fail(jobs: Job[], outcomes: Outcome[], error: unknown): void {
    this.#env.log.error('store.commit_failed', { error: String(error), jobs: jobs.length });
    const fault =
      error instanceof Fault ? error : new Fault('storage', 'the commit failed', undefined, { cause: error });
    for (const [i, job] of jobs.entries()) {
      const outcome = outcomes[i];
      job.reject(outcome?.ok === false ? outcome.error : fault);
    }
  }

  /** Throws when the group cannot go on. */
  async #writeOne(job: Job, commits: Commit[]): Promise<Outcome> {
    const { driver, log } = this.#deps;
    const tx = new Transaction(driver, this.#rows);
    const seq = this.#seq + commits.length + 1;
    const endings: Ending[] = [];
    const tasks: (() => void)[] = [];
    let value: unknown;
    let changes: Change[];
    let commit: Commit;
    let last: (Statement | undefined)[];
    try {
      value = await this.#watched(job, {
        tx,
        atEnd: (make) => endings.push(make),
        afterCommit: (task) => tasks.push(task),
      });
      changes = await tx.finish();
      commit = { seq, at: this.#deps.now(), changes };
      if (changes.length > 0) {
        const closing = this.#deps.closing?.(new Transaction(driver, this.#rows), commit);
        if (closing) await closing;
      }
      // SQLite has given it up, and the job did not say so: what follows would be written for itself alone.
      if (!driver.inTransaction) throw new Fault('storage', 'the transaction was lost');
      last = endings.map((make) => make(changes.length > 0 ? seq : null)); // [L6]
    } catch (error) {
      if (!driver.inTransaction) throw error;
      await tx.undo();
      return { ok: false, error };
    } finally {
      this.#watch.end();
    }
    await tx.keep();
    for (const statement of last) if (statement) await driver.run(statement.sql, statement.params);
    if (changes.length === 0) return { ok: true, written: { value, seq: null }, tasks };
    await log.append(driver, commit);
    commits.push(commit);
    return { ok: true, written: { value, seq }, tasks };
  }

  /** Ends with the job's work or when it is given up, whichever is first. */
  #watched(job: Job, context: JobContext): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const giveUp = (reason: Fault) => {
        context.tx.end(reason);
        this.#env.log.warn('store.job_given_up', { job: job.pure, reason: reason.message });
        reject(reason);
      };
      this.#watch.begin({ pure: job.pure, giveUp });
      job.work(context).then(resolve, reject);
    });
  }
}

/**
 * The one writer. Jobs run one after another, each inside its own savepoint, many per COMMIT: one disk
 * flush pays for the whole group. A job's promise resolves after the COMMIT [L2]; a job that throws is
 * rolled back alone; when the COMMIT itself fails, every job of the group fails and nothing was written.
 *
 *   idle --run()--> scheduled --end of turn--> writing --queue empty--> idle
 */

import { deferred } from '../base/deferred.ts';
import type { Env } from '../base/env.ts';
import { Fault } from '../base/fault.ts';
import type { Schema } from '../schema/define-schema.ts';
import type { ChangeLog, Commit } from './change-log.ts';
import type { SqlDriver } from './sql-driver.ts';
import { Transaction } from './transaction.ts';

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

/** What a job may do before its transaction is closed, knowing the seq its changes will have (null: none). */
export interface JobContext {
  readonly tx: Transaction;
  /** Runs when the job has succeeded, with the seq of its changes; still inside the transaction. */
  atEnd(task: (seq: number | null) => Promise<void>): void;
}

interface Job {
  readonly work: (context: JobContext) => Promise<unknown>;
  readonly settle: (outcome: Outcome) => void;
}

export interface Written<T> {
  readonly value: T;
  /** Null when the job changed no row. */
  readonly seq: number | null;
}

type Outcome = { ok: true; value: unknown; seq: number | null } | { ok: false; error: unknown };

interface Deps {
  readonly driver: SqlDriver;
  readonly schema: Schema;
  readonly log: ChangeLog;
  /** Called after each COMMIT with its transactions, before the jobs' promises resolve. */
  readonly committed: (commits: Commit[]) => void;
  /** Called with each transaction that wrote rows, after its last write. */
  readonly closing?: (tx: Transaction, commit: Commit) => Promise<void> | undefined;
}

export class GroupCommit {
  readonly #env: Env;
  readonly #deps: Deps;
  readonly #options: GroupCommitOptions;
  #queue: Job[] = [];
  #running = false;
  #seq = 0;
  #closed: Fault | undefined;

  constructor(env: Env, deps: Deps, options: GroupCommitOptions) {
    this.#env = env;
    this.#deps = deps;
    this.#options = options;
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

  run<T>(work: (context: JobContext) => Promise<T>): Promise<Written<T>> {
    if (this.#closed) return Promise.reject(this.#closed);
    if (this.#queue.length >= this.#options.maxWaiting) {
      return Promise.reject(new Fault('overloaded', `more than ${this.#options.maxWaiting} writes waiting`));
    }
    const { promise, resolve, reject } = deferred<Written<T>>();
    const settle = (outcome: Outcome) => {
      if (outcome.ok) resolve({ value: outcome.value as T, seq: outcome.seq });
      else reject(outcome.error);
    };
    this.#queue.push({ work, settle });
    if (!this.#running) {
      this.#running = true;
      this.#env.clock.soon(() => void this.#pump());
    }
    return promise;
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
    const done: { job: Job; outcome: Outcome }[] = [];
    const commits: Commit[] = [];
    let failed: Fault | undefined;
    try {
      await driver.run('BEGIN IMMEDIATE');
      while (done.length < this.#options.maxGroup) {
        const job = this.#queue.shift();
        if (!job) break;
        const entry: { job: Job; outcome: Outcome } = {
          job,
          outcome: { ok: true, value: undefined, seq: null },
        };
        done.push(entry); // first: if the group fails in the middle of this job, the job fails with it
        entry.outcome = await this.#writeOne(job, this.#seq + commits.length + 1, commits);
      }
      await driver.run('COMMIT');
    } catch (error) {
      failed =
        error instanceof Fault
          ? error
          : new Fault('storage', 'the commit failed', undefined, { cause: error });
      this.#env.log.error('store.commit_failed', { error: String(error), jobs: done.length });
      await driver.run('ROLLBACK').catch(() => {}); // a failed BEGIN left nothing to roll back
      if (done.length === 0)
        done.push(...this.#queue.splice(0).map((job) => ({ job, outcome: { ok: false, error } as const })));
    }
    if (failed === undefined && commits.length > 0) {
      this.#seq += commits.length;
      this.#deps.committed(commits);
    }
    for (const { job, outcome } of done) {
      job.settle(failed !== undefined && outcome.ok ? { ok: false, error: failed } : outcome);
    }
  }

  async #writeOne(job: Job, seq: number, commits: Commit[]): Promise<Outcome> {
    const { driver, schema, log } = this.#deps;
    const tx = new Transaction(driver, schema);
    const endings: ((seq: number | null) => Promise<void>)[] = [];
    await driver.run('SAVEPOINT job');
    try {
      const value = await this.#withDeadline(job.work({ tx, atEnd: (task) => endings.push(task) }), tx);
      const changes = tx.changes;
      const wrote = changes.length > 0 ? seq : null; // [L6]
      for (const ending of endings) await ending(wrote);
      const commit = { seq, at: this.#env.clock.now(), changes };
      if (wrote !== null) {
        const closing = this.#deps.closing?.(tx, commit);
        if (closing) await closing;
        await log.append(driver, commit);
      }
      await driver.run('RELEASE job');
      tx.end();
      if (wrote !== null) commits.push(commit);
      return { ok: true, value, seq: wrote };
    } catch (error) {
      tx.end();
      await driver.run('ROLLBACK TO job'); // a failure here fails the whole group
      await driver.run('RELEASE job');
      return { ok: false, error };
    }
  }

  #withDeadline<T>(work: Promise<T>, tx: Transaction): Promise<T> {
    const { promise, resolve, reject } = deferred<T>();
    const cancel = this.#env.clock.after(this.#options.deadlineMs, () => {
      const fault = new Fault(
        'timeout',
        `a write took longer than ${this.#options.deadlineMs} ms and was rolled back`,
      );
      tx.end(fault);
      this.#env.log.warn('store.deadline', { deadlineMs: this.#options.deadlineMs });
      reject(fault);
    });
    work.then(resolve, reject).finally(cancel);
    return promise;
  }
}

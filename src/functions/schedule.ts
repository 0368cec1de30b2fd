/**
 * `ctx.scheduler`: functions to be run later, written down in the transaction that asks for them. [L1] Made
 * by Functions for each mutation and action; JobRunner runs what was written.
 */
import type { Env } from '../base/env.ts';
import { Fault } from '../base/fault.ts';
import { newId } from '../base/id.ts';
import { isJson } from '../base/shape.ts';
import { utf8Length } from '../base/utf8.ts';
import type { Viewer } from '../policy/viewer.ts';
import type { Store } from '../store/store.ts';
import type { Transaction } from '../store/transaction.ts';
import { type Delay, delayMs } from './delay.ts';
import { addJob, removePending } from './job-table.ts';
import type { Registry } from './registry.ts';
import type { Scheduler } from './scheduler.ts';
import { atOnce, isPromise } from './validation.ts';

export interface JobLimits {
  /** Jobs that wait for their time; one more is refused as `overloaded`. */
  readonly jobsPending: number;
  /** Bytes of a job's arguments as JSON. */
  readonly jobArgsBytes: number;
  /** How far ahead a job may be due. */
  readonly jobAheadMs: number;
  /** Jobs that run at once. */
  readonly jobsAtOnce: number;
  /** Failed jobs that are kept to be looked at. */
  readonly jobsFailedKept: number;
}

export const DEFAULT_JOB_LIMITS: JobLimits = {
  jobsPending: 100_000,
  jobArgsBytes: 64 << 10,
  jobAheadMs: 5 * 366 * 24 * 3600 * 1000,
  jobsAtOnce: 64,
  jobsFailedKept: 1000,
};

type Target = Parameters<Registry['scheduled']>[0];

interface Deps {
  readonly store: Store;
  readonly registry: Registry;
  readonly limits: JobLimits;
  /** A job that is due then has been committed. */
  readonly committed: (dueMs: number) => void;
}

interface Draft {
  readonly fn: string;
  readonly due: number;
  readonly argsText: string;
  /** The parsed arguments or a promise of them: that they fit is all that counts. */
  readonly checked: unknown;
}

export class Schedule {
  readonly #env: Env;
  readonly #deps: Deps;

  constructor(env: Env, deps: Deps) {
    this.#env = env;
    this.#deps = deps;
  }

  /** Of a mutation: part of its transaction. `added` hears of each job; tell `committed` after the COMMIT. */
  within(tx: Transaction, viewer: Viewer, added: (dueMs: number) => void): Scheduler {
    const add = async (due: number, target: Target, args: unknown) => {
      const draft = this.#draft(due, target, args);
      atOnce(draft.checked, draft.fn);
      const id = await this.#add(tx, draft, viewer);
      added(draft.due);
      return id;
    };
    return this.#scheduler(add, (id) => removePending(tx, id));
  }

  /** Of an action: each call is a transaction of its own. */
  outside(viewer: Viewer, signal: AbortSignal): Scheduler {
    const { store, committed } = this.#deps;
    const add = async (due: number, target: Target, args: unknown) => {
      signal.throwIfAborted();
      const draft = this.#draft(due, target, args);
      if (isPromise(draft.checked)) await draft.checked;
      signal.throwIfAborted();
      const { value } = await store.write(({ tx }) => this.#add(tx, draft, viewer));
      committed(draft.due);
      return value;
    };
    return this.#scheduler(add, async (id) => {
      signal.throwIfAborted();
      return (await store.write(({ tx }) => removePending(tx, id))).value;
    });
  }

  #scheduler(
    add: (due: number, target: Target, args: unknown) => Promise<string>,
    cancel: Scheduler['cancel'],
  ): Scheduler {
    return {
      runAfter: async (delay: Delay, target: Target, args: unknown) =>
        add(this.#env.clock.now() + delayMs(delay), target, args),
      runAt: add,
      cancel,
    };
  }

  #draft(due: number, target: Target, args: unknown = {}): Draft {
    const { registry, limits } = this.#deps;
    const fn = registry.scheduled(target);
    if (!Number.isSafeInteger(due) || due < 0)
      throw new Fault('invalid', `${fn.name}: not a time in whole ms since 1970: ${String(due)}`);
    if (due - this.#env.clock.now() > limits.jobAheadMs)
      throw new Fault('invalid', `${fn.name}: due more than ${limits.jobAheadMs} ms ahead`);
    if (!isJson(args)) throw new Fault('invalid', `${fn.name}: arguments must be JSON`);
    const argsText = JSON.stringify(args);
    if (utf8Length(argsText) > limits.jobArgsBytes)
      throw new Fault('too_large', `${fn.name}: arguments of more than ${limits.jobArgsBytes} bytes`);
    return { fn: fn.name, due, argsText, checked: fn.checkArgs(args) };
  }

  async #add(tx: Transaction, { fn, due, argsText }: Draft, viewer: Viewer): Promise<string> {
    const id = newId(this.#env);
    await addJob(tx, { id, due, fn, argsText, viewer }, this.#deps.limits.jobsPending);
    return id;
  }
}

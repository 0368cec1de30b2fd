/**
 * Runs functions: find, ask who may call, parse the arguments, run, parse the result. The one way in for
 * every door: sockets, HTTP, and `ctx.runQuery`/`runMutation`. [P3] Mutations and pushed row writes go
 * through the store's writer lane and the ledger.
 */

import type { Env } from '../base/env.ts';
import { newId } from '../base/id.ts';
import type { Json, JsonObject } from '../base/json.ts';
import type { Access } from '../policy/access.ts';
import type { Viewer } from '../policy/viewer.ts';
import type { Schema } from '../schema/define-schema.ts';
import type { JobContext } from '../store/group-commit.ts';
import type { Store } from '../store/store.ts';
import { ActionLedger } from './action-ledger.ts';
import { type ActionLimits, Actions } from './actions.ts';
import { type ChunkSink, DEFAULT_CHUNK_LIMITS } from './chunk-stream.ts';
import type { HttpContext, MutationContext, QueryContext } from './context.ts';
import { DbReader } from './db-reader.ts';
import { DbWriter } from './db-writer.ts';
import { withDeadline } from './deadline.ts';
import { type JobHooks, JobRunner } from './job-runner.ts';
import { type CallResult, ledgerKey, writeOnce } from './once.ts';
import { PluginContext } from './plugin-context.ts';
import { ReadGate } from './read-gate.ts';
import type { RegisteredFunction, RegisteredRoute, Registry } from './registry.ts';
import { openEntity, refuseSecrets } from './row-reads.ts';
import type { Sight } from './row-source.ts';
import { DEFAULT_JOB_LIMITS, type JobLimits, Schedule } from './schedule.ts';
import { atOnce, isPromise, toResult } from './validation.ts';

export type { CallResult } from './once.ts';

export interface CallRequest {
  readonly name: string;
  readonly args: Json;
  readonly viewer: Viewer;
  /** A mutation or an action with an op id runs at most once. [L3] */
  readonly opId?: string | undefined;
  /** Aborted when nobody waits for the result any more. A mutation runs to its end all the same. */
  readonly signal?: AbortSignal | undefined;
  /** Takes what an action streams; without it, that is dropped. Not called for a result from the ledger. */
  readonly onChunk?: ChunkSink | undefined;
}

interface InnerRequest extends CallRequest {
  /** Of a scheduled call. */
  readonly job?: JobHooks | undefined;
}

/** One write of a row, outside any function. */
export interface RowWrite {
  /** Runs at most once under this id. [L3] */
  readonly opId?: string | undefined;
  readonly entity: string;
  readonly rowId: string;
  readonly kind: 'insert' | 'update' | 'delete';
  readonly data?: JsonObject | undefined;
}

/** An insert whose row gets an id of the server's. */
export interface RowInsert extends Pick<RowWrite, 'opId' | 'entity' | 'data'> {
  readonly rowId?: undefined;
  readonly kind: 'insert';
}

/** An HTTP request to a route of the app. */
export interface RouteRequest {
  readonly request: Request;
  readonly viewer: Viewer;
  readonly address: string;
  param(name: string): string;
}

export interface FunctionLimits extends ActionLimits, JobLimits {
  /** Longest time of a query. A mutation has the deadline of the store (`StoreOptions.deadlineMs`). */
  readonly queryMs: number;
}

export const DEFAULT_FUNCTION_LIMITS: FunctionLimits = {
  queryMs: 5000,
  actionMs: 60_000,
  actionsAtOnce: 1000,
  ...DEFAULT_CHUNK_LIMITS,
  ...DEFAULT_JOB_LIMITS,
};

interface Deps {
  readonly schema: Schema;
  readonly store: Store;
  readonly access: Access;
  readonly registry: Registry;
  /** What plugins add to `ctx`. */
  readonly extras?: PluginContext;
}

export class Functions {
  readonly #env: Env;
  readonly #deps: Deps;
  readonly #limits: FunctionLimits;
  readonly #actions: Actions;
  readonly #actionLedger: ActionLedger;
  readonly #schedule: Schedule;
  readonly #extras: PluginContext;
  /** Runs what was scheduled, once it is started. */
  readonly jobs: JobRunner;

  constructor(env: Env, deps: Deps, options: Partial<FunctionLimits> = {}) {
    this.#env = env;
    this.#deps = deps;
    this.#limits = { ...DEFAULT_FUNCTION_LIMITS, ...options };
    this.#actionLedger = new ActionLedger(env, deps.store);
    this.#extras = deps.extras ?? new PluginContext([]);
    const { store, registry } = deps;
    const limits = this.#limits;
    this.jobs = new JobRunner(env, {
      store,
      registry,
      limits,
      run: (fn, { args, viewer }, job) => this.#call(fn, { name: fn.name, args, viewer, job }),
    });
    const committed = (dueMs: number) => this.jobs.wake(dueMs);
    this.#schedule = new Schedule(env, { store, registry, limits, committed });
    this.#actions = new Actions(env, {
      limits: this.#limits,
      inner: (kind, { target, ...rest }) => {
        const fn = deps.registry.inside(kind, target);
        return this.#call(fn, { name: fn.name, ...rest });
      },
      scheduler: (viewer, signal) => this.#schedule.outside(viewer, signal),
      extend: (context, { name, viewer, signal }) =>
        this.#extras.attach(context, () => ({ sight: this.#sight(name, viewer), job: undefined, signal })),
    });
  }

  /** Actions and routes under way; a drain waits for them. */
  get actionsInFlight(): number {
    return this.#actions.size;
  }

  /** Throws `not_found`, `unauthorized`, `forbidden`, `invalid`, `timeout`, and what the handler throws. */
  async call(request: CallRequest): Promise<CallResult> {
    return this.#call(this.#deps.registry.get(request.name), request);
  }

  /**
   * One row write in a transaction of its own; an insert's value is the row's id. Throws `invalid`, `forbidden`,
   * `not_found`, `conflict`.
   */
  async write(op: RowWrite | RowInsert, viewer: Viewer): Promise<CallResult> {
    const { kind, entity, rowId, data = {} } = op;
    refuseSecrets(openEntity(this.#deps.schema, entity), Object.keys(data));
    const key = ledgerKey(op.opId, viewer, [`${kind} ${entity} ${rowId ?? ''}`, data]);
    return writeOnce({ store: this.#deps.store, key }, async ({ tx }) => {
      const db = this.#writer(tx, `${kind} ${entity}`, viewer);
      if (rowId === undefined) return db.insert(entity, data);
      if (kind === 'insert') return db.insert(entity, { ...data, id: rowId });
      if (kind === 'update') await db.update(entity, rowId, data);
      else await db.delete(entity, rowId);
      return undefined;
    });
  }

  /** An HTTP route, run as an action. */
  async route(route: RegisteredRoute, { request, viewer, address, param }: RouteRequest): Promise<Response> {
    route.rule.ask(viewer, {}, this.#env.clock.now());
    const name = `${route.method} ${route.path}`;
    const slot = this.#actions.admit();
    try {
      const caller = { name, viewer, signal: request.signal };
      const { value } = await this.#actions.run(slot, caller, async (action) => {
        const context: HttpContext = Object.assign(action, { address, param });
        return route.handler(context, request);
      });
      return value;
    } finally {
      slot.release();
    }
  }

  /** Gives up the actions under way. */
  close(): void {
    this.#actions.close();
  }

  async #call(fn: RegisteredFunction, request: InnerRequest): Promise<CallResult> {
    const now = this.#env.clock.now();
    if (!fn.rule.readsInput) fn.rule.ask(request.viewer, {}, now);
    let args = fn.checkArgs(request.args);
    // No await without need: mutations that come together are queued in order and share a COMMIT.
    if (fn.kind === 'mutation') args = atOnce(args, fn.name);
    else if (isPromise(args)) args = await args;
    if (fn.rule.readsInput) fn.rule.ask(request.viewer, args, now);
    switch (fn.kind) {
      case 'query':
        return this.#query(fn, request, args);
      case 'mutation':
        return this.#mutate(fn, request, args);
      case 'action':
        return this.#act(fn, request, args);
    }
  }

  async #query(fn: RegisteredFunction, { viewer, signal }: CallRequest, args: unknown): Promise<CallResult> {
    const { store } = this.#deps;
    const now = this.#env.clock.now();
    const options = { ms: this.#limits.queryMs, what: fn.name, signal };
    const value = await store.read((snapshot) =>
      withDeadline(this.#env.clock, options, async (own) => {
        const gate = new ReadGate(snapshot, own);
        const db = new DbReader<Schema>(gate, this.#sight(fn.name, viewer));
        const context: QueryContext<Schema> = { auth: viewer, db, signal: own, now: () => now };
        try {
          return await fn.handler(context as never, args as never);
        } finally {
          gate.end();
        }
      }),
    );
    return { value: toResult(value === undefined ? value : await fn.checkResult(value)), seq: null };
  }

  async #mutate(fn: RegisteredFunction, request: InnerRequest, args: unknown): Promise<CallResult> {
    const { viewer, opId, name, job } = request;
    const key = ledgerKey(opId, viewer, [name, request.args]);
    let firstDue = Number.POSITIVE_INFINITY;
    const scheduled = (dueMs: number) => {
      firstDue = Math.min(firstDue, dueMs);
    };
    const once = { store: this.#deps.store, key, pure: name };
    const result = await writeOnce(once, async (transaction) => {
      const { tx } = transaction;
      if (job) await job.begin(tx);
      const now = this.#env.clock.now();
      const context: MutationContext<Schema> = this.#extras.attach(
        {
          auth: viewer,
          db: this.#writer(tx, name, viewer),
          scheduler: this.#schedule.within(tx, viewer, scheduled),
          now: () => now,
          random: () => this.#env.random.next(),
          id: () => newId(this.#env),
        },
        () => ({ sight: this.#sight(name, viewer), job: transaction, signal: undefined }),
      );
      try {
        const value = await fn.handler(context as never, args as never);
        return toResult(value === undefined ? value : atOnce(fn.checkResult(value), name));
      } catch (error) {
        job?.failed(error);
        throw error;
      }
    });
    if (firstDue < Number.POSITIVE_INFINITY) this.jobs.wake(firstDue);
    return result;
  }

  async #act(fn: RegisteredFunction, request: InnerRequest, args: unknown): Promise<CallResult> {
    // Before the ledger is asked: an op id that found no room may come again.
    const slot = this.#actions.admit();
    const { job } = request;
    const run = () =>
      this.#actions.run(slot, request, async (context) => {
        const value = await fn.handler(context as never, args as never);
        return toResult(value === undefined ? value : await fn.checkResult(value));
      });
    const key = ledgerKey(request.opId, request.viewer, [request.name, request.args]);
    try {
      if (job) {
        await this.#deps.store.write(({ tx }) => job.begin(tx));
        job.begun();
      }
      return await (key ? this.#actionLedger.run(key, run) : run());
    } finally {
      slot.release();
    }
  }

  #writer(tx: JobContext['tx'], name: string, viewer: Viewer): DbWriter<Schema> {
    return new DbWriter<Schema>(tx, { ...this.#sight(name, viewer), newId: () => newId(this.#env) });
  }

  #sight(name: string, viewer: Viewer): Sight {
    const { schema, access } = this.#deps;
    const onElevated = (reason: string) =>
      this.#env.log.info('policy.elevated', { reason, function: name, viewer: viewer.userId });
    return { schema, access, viewer, onElevated };
  }
}

/**
 * Runs actions and HTTP routes: bounded in number and in time, with no database but through queries and
 * mutations. Made and asked by Functions, which has checked who calls and with what. [N3]
 */
import type { Env } from '../base/env.ts';
import { Fault } from '../base/fault.ts';
import { newId } from '../base/id.ts';
import type { Json } from '../base/json.ts';
import type { Viewer } from '../policy/viewer.ts';
import type { Schema } from '../schema/define-schema.ts';
import { type ChunkLimits, type ChunkSink, ChunkStream } from './chunk-stream.ts';
import type { ActionContext } from './context.ts';
import { withDeadline } from './deadline.ts';
import type { CallResult } from './once.ts';
import type { ContextParts } from './plugin-context.ts';
import type { Registry } from './registry.ts';
import type { Scheduler } from './scheduler.ts';

export interface ActionLimits extends ChunkLimits {
  /** Longest time of an action or a route. */
  readonly actionMs: number;
  /** Actions and routes that run at once; one more is refused as `overloaded`. */
  readonly actionsAtOnce: number;
}

/** A query or mutation that an action asks for. */
export interface InnerCall {
  readonly target: Parameters<Registry['inside']>[1];
  readonly args: Json;
  readonly viewer: Viewer;
  readonly opId?: string | undefined;
  readonly signal: AbortSignal;
}

export interface ActionDeps {
  readonly limits: ActionLimits;
  readonly inner: (kind: 'query' | 'mutation', call: InnerCall) => Promise<CallResult>;
  readonly scheduler: (viewer: Viewer, signal: AbortSignal) => Scheduler;
  /** Adds the plugins' parts. */
  readonly extend: <C extends object>(context: C, of: ExtendedCall) => C & ContextParts<Schema>;
}

/** Whose context is extended. */
export interface ExtendedCall {
  readonly name: string;
  readonly viewer: Viewer;
  readonly signal: AbortSignal;
}

export interface ActionRequest {
  readonly name: string;
  readonly viewer: Viewer;
  readonly signal?: AbortSignal | undefined;
  readonly onChunk?: ChunkSink | undefined;
}

/** A place among those that run; given back with `release`, which may be called twice. */
export interface Slot {
  /** Aborted when the server gives up. */
  readonly signal: AbortSignal;
  release(): void;
}

export class Actions {
  readonly #env: Env;
  readonly #deps: ActionDeps;
  readonly #running = new Set<AbortController>();

  constructor(env: Env, deps: ActionDeps) {
    this.#env = env;
    this.#deps = deps;
  }

  get size(): number {
    return this.#running.size;
  }

  /** Throws `overloaded`. */
  admit(): Slot {
    const { actionsAtOnce } = this.#deps.limits;
    if (this.#running.size >= actionsAtOnce)
      throw new Fault('overloaded', `more than ${actionsAtOnce} actions under way`);
    const end = new AbortController();
    this.#running.add(end);
    return { signal: end.signal, release: () => this.#running.delete(end) };
  }

  /** `seq` is that of the last transaction that the action asked for. */
  async run<T>(
    slot: Slot,
    { name, viewer, signal, onChunk }: ActionRequest,
    work: (context: ActionContext) => Promise<T>,
  ): Promise<{ value: T; seq: number | null }> {
    const either = signal ? AbortSignal.any([signal, slot.signal]) : slot.signal;
    let seq: number | null = null;
    const wrote = (at: number | null) => {
      if (at !== null) seq = Math.max(seq ?? 0, at);
    };
    const options = { ms: this.#deps.limits.actionMs, what: name, signal: either };
    const value = await withDeadline(this.#env.clock, options, async (own) => {
      const stream = new ChunkStream(this.#deps.limits, own, onChunk);
      try {
        const context = { ...this.#context({ viewer, signal: own, wrote }), stream };
        return await work(this.#deps.extend(context, { name, viewer, signal: own }));
      } finally {
        await stream.end();
      }
    });
    return { value, seq };
  }

  /** Gives up what runs. */
  close(): void {
    for (const end of this.#running) end.abort();
  }

  #context(of: {
    viewer: Viewer;
    signal: AbortSignal;
    wrote(seq: number | null): void;
  }): Omit<ActionContext, 'stream' | keyof ContextParts<Schema>> {
    const { viewer, signal, wrote } = of;
    const inner = async (kind: 'query' | 'mutation', call: Omit<InnerCall, 'viewer' | 'signal'>) => {
      signal.throwIfAborted();
      const { value, seq } = await this.#deps.inner(kind, { ...call, viewer, signal });
      wrote(seq);
      return value;
    };
    return {
      auth: viewer,
      signal,
      scheduler: this.#deps.scheduler(viewer, signal),
      now: () => this.#env.clock.now(),
      random: () => this.#env.random.next(),
      id: () => newId(this.#env),
      runQuery: (target: InnerCall['target'], args: unknown) =>
        inner('query', { target, args: args as Json }) as Promise<never>,
      runMutation: (target: InnerCall['target'], args: unknown, options: { opId?: string } = {}) =>
        inner('mutation', { target, args: args as Json, opId: options.opId }) as Promise<never>,
    };
  }
}

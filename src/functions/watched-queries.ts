/**
 * Queries that are run again when what they read changes: who may watch one, and one run of it in a moment of the
 * database that several share. Asked by sync/query-watch.ts. [P3] [Q1]
 *
 * A run is a function of the moment, the arguments and, if it or a policy looked at it, the identity. `ctx.now()`
 * is the time of the run: that time passes makes no query run again.
 */
import type { Env } from '../base/env.ts';
import { Fault, toFault } from '../base/fault.ts';
import type { Json } from '../base/json.ts';
import { isJson } from '../base/shape.ts';
import type { Access } from '../policy/access.ts';
import type { Viewer } from '../policy/viewer.ts';
import type { Schema } from '../schema/define-schema.ts';
import type { QueryContext } from './context.ts';
import { DbReader } from './db-reader.ts';
import { withDeadline } from './deadline.ts';
import { ReadGate } from './read-gate.ts';
import { ReadSet, type RowRead } from './read-set.ts';
import type { RegisteredFunction, Registry } from './registry.ts';
import type { RowSource } from './row-source.ts';
import { toResult } from './validation.ts';

/** Lists and objects inside one another in a result: patches of it nest deeper. */
export const MAX_RESULT_DEPTH = 32;
/** So that what is left of the depth of `isJson` is that. */
const START_DEPTH = 65 - MAX_RESULT_DEPTH;
const TOO_DEEP = `a watched query may nest its result ${MAX_RESULT_DEPTH} levels deep`;

export interface RunLimits {
  /** Rows that one run may read. */
  readonly maxRows: number;
  /** Time of one run. */
  readonly maxMs: number;
  /** UTF-16 units of the result as JSON. */
  readonly maxResult: number;
}

export interface PreparedQuery {
  readonly fn: RegisteredFunction;
  readonly args: unknown;
}

export interface Run {
  /** The result as JSON: a handler may go on changing the object that it returned. */
  readonly outcome: { readonly text: string } | { readonly fault: Fault };
  /** What it read, up to where it failed. */
  readonly reads: readonly RowRead[];
  /** The result is for this identity alone. */
  readonly asksIdentity: boolean;
  /** It ended because it went over a limit. */
  readonly isOverrun: boolean;
}

export class WatchedQueries {
  readonly #env: Env;
  readonly #deps: { readonly schema: Schema; readonly access: Access; readonly registry: Registry };

  constructor(env: Env, deps: { schema: Schema; access: Access; registry: Registry }) {
    this.#env = env;
    this.#deps = deps;
  }

  /** Asks the function's rule and parses the arguments. Throws as a call does, and `invalid` for no query. */
  async prepare(name: string, given: Json, viewer: Viewer): Promise<PreparedQuery> {
    const fn = this.#deps.registry.get(name);
    const now = this.#env.clock.now();
    if (fn.kind !== 'query') throw new Fault('invalid', `${name}: a ${fn.kind} cannot be watched`);
    if (!fn.rule.readsInput) fn.rule.ask(viewer, {}, now);
    const args = await fn.checkArgs(given);
    if (fn.rule.readsInput) fn.rule.ask(viewer, args, now);
    return { fn, args };
  }

  /** Never throws. */
  async run(
    { fn, args }: PreparedQuery,
    { source, viewer }: { source: RowSource; viewer: Viewer },
    { maxRows, maxMs, maxResult }: RunLimits,
  ): Promise<Run> {
    const { schema, access } = this.#deps;
    const { clock, log } = this.#env;
    const reads = new ReadSet(source, { schema, access, viewer, maxRows });
    const startMs = clock.monotonic();
    const now = clock.now();
    let seesIdentity = false;
    let signal: AbortSignal | undefined;
    const work = async (own: AbortSignal) => {
      signal = own;
      const gate = new ReadGate(reads, own);
      const onElevated = (reason: string) =>
        log.info('policy.elevated', { reason, function: fn.name, viewer: viewer.userId });
      const context: QueryContext<Schema> = {
        get auth() {
          seesIdentity = true;
          return viewer;
        },
        db: new DbReader<Schema>(gate, { schema, access: reads.reading, viewer, onElevated }),
        signal: own,
        now: () => now,
      };
      try {
        const result = await fn.handler(context as never, args as never);
        const value = toResult(result === undefined ? null : await fn.checkResult(result)) ?? null;
        if (!isJson(value, START_DEPTH)) throw new Fault('invalid', TOO_DEEP);
        return value;
      } finally {
        gate.end();
      }
    };
    let outcome: Run['outcome'];
    try {
      const value = await withDeadline(clock, { ms: maxMs, what: fn.name, signal: undefined }, work);
      outcome = { text: JSON.stringify(value) };
    } catch (error) {
      if (!(error instanceof Fault)) {
        const stack = error instanceof Error ? error.stack : undefined;
        log.error('watch.failed', { function: fn.name, error: String(error), stack });
      }
      outcome = { fault: toFault(error) };
    }
    // Work that never waits is over before its deadline can tell.
    const isLate = signal?.aborted || clock.monotonic() - startMs > maxMs;
    const isLarge = 'text' in outcome && outcome.text.length > maxResult;
    const over = isLate
      ? new Fault('timeout', `${fn.name}: a watched query may run for ${maxMs} ms`)
      : reads.isOver
        ? new Fault('too_large', `${fn.name}: a watched query may read ${maxRows} rows`)
        : isLarge && new Fault('too_large', `${fn.name}: a watched query may answer ${maxResult} characters`);
    return {
      outcome: over ? { fault: over } : outcome,
      reads: reads.reads,
      asksIdentity: seesIdentity || reads.asksIdentity,
      isOverrun: over !== false,
    };
  }
}

/**
 * What handlers receive. A query has no writer, a mutation no I/O, an action no database: it calls queries
 * and mutations. Mutations have no clock, chance or network but what is here. [Q4]
 */
import type { Json } from '../base/json.ts';
import type { Viewer } from '../policy/viewer.ts';
import type { FunctionKind, FunctionRef, FunctionType } from '../schema/app-shape.ts';
import type { Schema } from '../schema/define-schema.ts';
import type { ResponseStream } from './chunk-stream.ts';
import type { DbReader } from './db-reader.ts';
import type { DbWriter } from './db-writer.ts';
import type { ContextParts } from './plugin-context.ts';
import type { Scheduler } from './scheduler.ts';

export interface QueryContext<S extends Schema> {
  readonly auth: Viewer;
  readonly db: DbReader<S>;
  /** Aborted when the call is given up, and at its deadline. */
  readonly signal: AbortSignal;
  /** ms since 1970; one value for the whole call. */
  now(): number;
}

export interface MutationContext<S extends Schema> extends ContextParts<S> {
  readonly auth: Viewer;
  readonly db: DbWriter<S>;
  /** What is scheduled here is part of the transaction: it is committed or rolled back with it. [L1] */
  readonly scheduler: Scheduler;
  /** ms since 1970; one value for the whole call. */
  now(): number;
  /** In [0, 1). */
  random(): number;
  /** A new row id. */
  id(): string;
}

/** A function as an action names it: its definition, a reference to it, or its dotted name. */
export type Callable<K extends FunctionKind, Args, Result> =
  | (FunctionType<Args, Result> & { readonly kind: K })
  | FunctionRef<Args, Result>;

export interface RunMutationOptions {
  /** The mutation runs at most once under this id. [L3] */
  readonly opId?: string;
}

export interface ActionContext<S extends Schema = Schema> extends ContextParts<S> {
  readonly auth: Viewer;
  /** Aborted when the caller gives up or is gone, and at the deadline. Give it to `fetch` and the like. */
  readonly signal: AbortSignal;
  /** Each call is a transaction of its own. */
  readonly scheduler: Scheduler;
  /** Parts of the answer, ahead of the result. */
  readonly stream: ResponseStream;
  /** ms since 1970 */
  now(): number;
  /** In [0, 1). */
  random(): number;
  /** A new id. */
  id(): string;
  /** Under the action's own identity; internal functions too. Each call sees a moment of its own. */
  runQuery<Args, Result>(fn: Callable<'query', Args, Result>, args: Args): Promise<Result>;
  runQuery(name: string, args: Json): Promise<Json>;
  /** A transaction of its own: what it wrote stays, whatever becomes of the action. */
  runMutation<Args, Result>(
    fn: Callable<'mutation', Args, Result>,
    args: Args,
    options?: RunMutationOptions,
  ): Promise<Result>;
  runMutation(name: string, args: Json, options?: RunMutationOptions): Promise<Json>;
}

/** What an HTTP route's handler receives. */
export interface HttpContext extends Omit<ActionContext, 'stream'> {
  /** The part of the path that a `:name` matched. */
  param(name: string): string;
  /** Address of the peer, for rate limits; never trust it for more. */
  readonly address: string;
}

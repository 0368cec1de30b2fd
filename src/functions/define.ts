/**
 * How an app writes its functions: `functions(schema)` returns `query` and `mutation`, typed by the schema.
 * A definition is plain data; registry.ts finds it by name and call.ts runs it.
 */
import { type Fields, type InferFields, type Shape, s } from '../base/shape.ts';
import type { FunctionTree } from '../schema/app-shape.ts';
import type { Schema } from '../schema/define-schema.ts';
import type { MutationContext, QueryContext } from './context.ts';

/** Who may call: `user` (default: any identity but guests), `guest` (any identity), `public` (anybody). */
export type AuthMode = 'user' | 'guest' | 'public';

export interface FunctionDef {
  readonly kind: 'query' | 'mutation';
  readonly auth: AuthMode;
  readonly args: Shape<unknown>;
  readonly returns: Shape<unknown> | undefined;
  readonly handler: (context: never, args: never) => unknown;
}

export interface FunctionOptions<Context, F extends Fields, R> {
  args: F;
  auth?: AuthMode;
  /** When given, results are checked against it before they leave. */
  returns?: Shape<R>;
  handler(context: Context, args: InferFields<F>): Promise<R> | R;
}

export interface Defined<K extends FunctionDef['kind'], Args, Result> extends FunctionDef {
  readonly kind: K;
  readonly signature?: (args: Args) => Result;
}

export function functions<S extends Schema>(_schema: S) {
  const define =
    <K extends FunctionDef['kind'], Context>(kind: K) =>
    <F extends Fields, R>(
      options: FunctionOptions<Context, F, R>,
    ): Defined<K, InferFields<F>, Awaited<R>> => ({
      kind,
      auth: options.auth ?? 'user',
      args: s.object(options.args),
      returns: options.returns,
      handler: options.handler,
    });
  return {
    /** Reads, on one snapshot; cannot write. */
    query: define<'query', QueryContext<S>>('query'),
    /** Reads and writes in one transaction, at most once per op id. */
    mutation: define<'mutation', MutationContext<S>>('mutation'),
  };
}

export type { FunctionTree };

/**
 * How an app writes its functions: `functions(schema)` returns `query`, `mutation`, `action`, `httpRoute`
 * and `internal`, typed by the schema. A definition is plain data; registry.ts finds it by name and call.ts
 * runs it.
 */
import type { FunctionKind, FunctionTree, FunctionType } from '../schema/app-shape.ts';
import type { Schema } from '../schema/define-schema.ts';
import type { AuthMode } from './auth-rule.ts';
import type { ActionContext, MutationContext, QueryContext } from './context.ts';
import { httpRoute } from './http-route.ts';
import type { ArgsIn, ArgsOut, ArgsSpec, ReturnsSpec } from './validation.ts';

export interface FunctionDef extends FunctionType {
  readonly internal: boolean;
  readonly auth: AuthMode;
  readonly args: ArgsSpec;
  readonly returns: ReturnsSpec<unknown> | undefined;
  readonly handler: (context: never, args: never) => unknown;
}

export interface FunctionOptions<Context, A extends ArgsSpec, R> {
  /** A validator per argument, or one Standard Schema for all of them. */
  args: A;
  /** Default: `user`, and `public` for internal functions, whose callers were asked already. */
  auth?: AuthMode;
  /** When given, results are checked against it before they leave. */
  returns?: ReturnsSpec<R>;
  handler(context: Context, args: ArgsOut<A>): Promise<R> | R;
}

export interface Defined<K extends FunctionKind, Args, Result, I extends boolean = false>
  extends FunctionDef {
  readonly kind: K;
  readonly internal: I;
  readonly signature?: (args: Args) => Result;
}

function definer<K extends FunctionKind, Context>(kind: K) {
  /** `internal: true`: refused at every door, as if it were not there; for the server's own functions. */
  return <A extends ArgsSpec, R, I extends boolean = false>(
    options: FunctionOptions<Context, A, R> & { internal?: I },
  ): Defined<K, ArgsIn<A>, Awaited<R>, I> => {
    const internal = (options.internal ?? false) as I;
    const { auth = internal ? 'public' : 'user', args, returns, handler } = options;
    return { kind, internal, auth, args, returns, handler };
  };
}

function internalDefiner<K extends FunctionKind, Context>(kind: K) {
  const define = definer<K, Context>(kind);
  return <A extends ArgsSpec, R>(
    options: FunctionOptions<Context, A, R>,
  ): Defined<K, ArgsIn<A>, Awaited<R>, true> => define({ ...options, internal: true });
}

export function functions<S extends Schema>(_schema: S) {
  return {
    /** Reads, on one snapshot; cannot write. */
    query: definer<'query', QueryContext<S>>('query'),
    /** Reads and writes in one transaction, at most once per op id. */
    mutation: definer<'mutation', MutationContext<S>>('mutation'),
    /** Does I/O; reads and writes through queries and mutations. */
    action: definer<'action', ActionContext<S>>('action'),
    /** The same three, callable by the server's own functions alone. */
    internal: {
      query: internalDefiner<'query', QueryContext<S>>('query'),
      mutation: internalDefiner<'mutation', MutationContext<S>>('mutation'),
      action: internalDefiner<'action', ActionContext<S>>('action'),
    },
    httpRoute,
  };
}

export type { FunctionTree };

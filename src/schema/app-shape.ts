/**
 * What a client must know of an app, as types: its schema and the signatures of its functions. The server's
 * `defineApp` returns a value of this shape, so `createSyncEngine<typeof app>` infers everything.
 */
import type { Schema } from './define-schema.ts';

export type FunctionKind = 'query' | 'mutation' | 'action';

/** A function's signature. `signature` exists for the type checker alone. */
export interface FunctionType<Args = never, Result = unknown> {
  readonly kind: FunctionKind;
  /** True: only the server's own functions may call it, and clients have no reference to it. */
  readonly internal?: boolean;
  readonly signature?: (args: Args) => Result;
}

export interface FunctionTree {
  readonly [name: string]: FunctionTree | FunctionType;
}

export interface AppShape {
  readonly schema: Schema;
  readonly functions: FunctionTree;
}

/** A function as a client names it: `api.notes.create`. */
export interface FunctionRef<Args, Result> {
  readonly name: string;
  readonly signature?: (args: Args) => Result;
}

/** The tree of references that belongs to a tree of functions; internal ones are not in it. */
export type Api<T> = {
  readonly [K in keyof T as T[K] extends { readonly internal: true } ? never : K]: T[K] extends FunctionType<
    infer Args,
    infer Result
  >
    ? FunctionRef<Args, Result>
    : Api<T[K]>;
};

/** An internal function as the server's own functions name it: `internalApi.notes.remind`. */
export interface InternalRef<Kind extends FunctionKind, Args, Result> extends FunctionRef<Args, Result> {
  readonly internal: true;
  /** For the type checker alone. */
  readonly kindOf?: Kind;
}

/** The tree of references to the internal functions in a tree of functions. */
export type InternalApi<T> = {
  readonly [K in keyof T as T[K] extends FunctionType
    ? T[K] extends { readonly internal: true }
      ? K
      : never
    : K]: T[K] extends FunctionType<infer Args, infer Result> & {
    readonly kind: infer Kind extends FunctionKind;
  }
    ? InternalRef<Kind, Args, Result>
    : InternalApi<T[K]>;
};

/**
 * Optimistic parts of mutations: what a client shows of a call before the server has run it. A map by the names
 * of the functions, in a module of its own, for a browser cannot import what runs on the server.
 */
import type { SessionInfo } from '../protocol/server-message.ts';
import type { AppShape, FunctionType } from '../schema/app-shape.ts';
import type { EntityOf, InsertOf, PatchOf, RowOf } from './app-rows.ts';

/** The rows as the user sees them up to this call. Rows are not to be written to. */
export interface OptimisticLocal<App extends AppShape = AppShape> {
  get<E extends EntityOf<App>>(entity: E, id: string): RowOf<App, E> | undefined;
  /** In no particular order. */
  list<E extends EntityOf<App>>(entity: E): readonly RowOf<App, E>[];
  /** Returns the row's id: the one in `data`, or one that each replay makes again. Nothing, if the row is there. */
  insert<E extends EntityOf<App>>(entity: E, data: InsertOf<App, E> & { id?: string }): string;
  /** Nothing, if the row is not there. */
  update<E extends EntityOf<App>>(entity: E, id: string, patch: PatchOf<App, E>): void;
  delete(entity: EntityOf<App>, id: string): void;
}

export interface OptimisticContext {
  /** An id of this call's own, for a row of it: the same in each replay. The server's may be another. */
  readonly id: string;
  /** When it was called, ms since 1970: the same in each replay. */
  readonly now: number;
  readonly auth: SessionInfo;
}

/**
 * Runs at once, and again whenever the rows that it read change, so it must be synchronous and may use nothing
 * but its arguments. When it throws, the call shows nothing; it is sent all the same.
 */
export type OptimisticPart<App extends AppShape, Args> = (
  local: OptimisticLocal<App>,
  args: Args,
  context: OptimisticContext,
) => void;

/** Optimistic parts by the names of their mutations: `{ 'notes.create': (local, args, { id }) => ... }`. */
export type Optimistic<App extends AppShape> = {
  readonly [N in MutationName<App['functions']>]?: OptimisticPart<App, ArgsOf<App['functions'], N>>;
};

/** Dotted names of the mutations that clients may call. */
export type MutationName<T> = string extends keyof T
  ? string
  : {
      [K in keyof T & string]: T[K] extends FunctionType
        ? T[K] extends { readonly internal: true }
          ? never
          : T[K]['kind'] extends 'mutation'
            ? K
            : never
        : `${K}.${MutationName<T[K]>}`;
    }[keyof T & string];

type ArgsOf<T, N> = N extends keyof T
  ? T[N] extends FunctionType<infer Args>
    ? Args
    : never
  : N extends `${infer K}.${infer Rest}`
    ? K extends keyof T
      ? ArgsOf<T[K], Rest>
      : never
    : never;

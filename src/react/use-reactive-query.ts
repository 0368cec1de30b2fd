/** Query functions as state: the server runs them again when what they read changes. [Q1] */
import { useCallback, useMemo, useSyncExternalStore } from 'react';
import type { Cancel } from '../base/env.ts';
import type { Fault } from '../base/fault.ts';
import { canonicalJson, type Json } from '../base/json.ts';
import { type PageArgs, PagedQuery, type PagedResult, type PageValue } from '../client/paged-query.ts';
import type { Watcher, WatchState } from '../client/watch-state.ts';
import type { FunctionRef } from '../schema/app-shape.ts';
import { useEngine, useWatcher } from './provider.ts';

export interface ReactiveResult<R> {
  /** Undefined while unknown; after an error what it was before. */
  readonly data: R | undefined;
  /** Confirmed by the server on this connection. */
  readonly complete: boolean;
  readonly error: Fault | undefined;
}

export interface PaginatedResult<R> extends PagedResult<R> {
  /** Shows a page more; throws `too_large` at MAX_PAGES. Stays the same function. */
  readonly loadMore: () => void;
  /** Back to the first page; also the way out of an error. */
  readonly reset: () => void;
}

const UNKNOWN = { data: undefined, complete: false, error: undefined } as const;
const NO_PAGES = { ...UNKNOWN, hasMore: false, loading: false } as const;
const NOTHING = () => {};

/** What the function answers now. Equal arguments are the same query; with 'skip' nothing is asked. */
export function useReactiveQuery<Args, Result>(
  fn: FunctionRef<Args, Result>,
  args: Args | 'skip',
): ReactiveResult<Result> {
  const watcher = useWatcher();
  const key = argsKey(args);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `key` stands for `args`, `fn.name` for `fn`
  const store = useMemo(
    () => (args === 'skip' ? undefined : watchStore(watcher, fn, args)),
    [watcher, fn.name, key],
  );
  const subscribe = useCallback((listener: () => void) => store?.subscribe(listener) ?? NOTHING, [store]);
  const read = useCallback(() => store?.read() ?? UNKNOWN, [store]);
  return useSyncExternalStore<ReactiveResult<Result>>(subscribe, read, read);
}

/** Pages of a function whose argument `page` is `v.pagination()`, put together, without duplicate or gap. [Q5] */
export function usePaginatedQuery<Args extends { readonly page: PageArgs }, R>(
  fn: FunctionRef<Args, PageValue<R>>,
  args: Omit<Args, 'page'> | 'skip',
  { pageSize }: { readonly pageSize: number },
): PaginatedResult<R> {
  const { log } = useEngine().env;
  const watcher = useWatcher();
  const key = argsKey(args);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `key` stands for `args`, `fn.name` for `fn`
  const query = useMemo(() => {
    if (args === 'skip') return undefined;
    const watch = (page: PageArgs, listener: (state: WatchState<PageValue<R>>) => void) =>
      watcher.watch<unknown, PageValue<R>>({ name: fn.name }, { ...args, page }, listener);
    return new PagedQuery<R>(log, watch, pageSize);
  }, [watcher, fn.name, key, pageSize]);
  const subscribe = useCallback((listener: () => void) => query?.subscribe(listener) ?? NOTHING, [query]);
  const read = useCallback(() => query?.result ?? NO_PAGES, [query]);
  const result = useSyncExternalStore<PagedResult<R>>(subscribe, read, read);
  const loadMore = useCallback(() => query?.loadMore(), [query]);
  const reset = useCallback(() => query?.reset(), [query]);
  return useMemo(() => ({ ...result, loadMore, reset }), [result, loadMore, reset]);
}

function argsKey(args: unknown): string {
  return args === 'skip' ? args : canonicalJson((args ?? {}) as Json);
}

/** Watches while somebody listens, and makes one stable result of the states. */
function watchStore<Args, Result>(watcher: Watcher, fn: FunctionRef<Args, Result>, args: Args) {
  let result: ReactiveResult<Result> = UNKNOWN;
  const take = (state: WatchState<Result>): boolean => {
    const next = resultOf(state);
    if (next.data === result.data && next.complete === result.complete && next.error === result.error)
      return false;
    result = next;
    return true;
  };
  return {
    read: () => result,
    subscribe: (listener: () => void): Cancel =>
      watcher.watch(fn, args, (state) => void (take(state) && listener())),
  };
}

/** Of a pending watch nothing is kept: it may be that of another identity by now. [S8] */
function resultOf<R>(state: WatchState<R>): ReactiveResult<R> {
  if (state.name === 'pending') return UNKNOWN;
  if (state.name === 'value') return { data: state.value, complete: state.complete, error: undefined };
  return { data: state.value, complete: false, error: state.fault };
}

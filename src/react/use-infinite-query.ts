/** The first rows of an entity, and more on demand, as state. */
import { useCallback, useMemo, useSyncExternalStore } from 'react';
import { canonicalJson, type Json } from '../base/json.ts';
import type { EntityOf, RowOf } from '../client/app-rows.ts';
import type { InfiniteOptions, InfiniteResult } from '../client/infinite-query.ts';
import { useEngine } from './provider.ts';
import type { RegisteredApp } from './register.ts';

export interface InfiniteHandle<R> extends InfiniteResult<R> {
  /** Shows a page more; throws `too_large` at MAX_INFINITE_ROWS. Stays the same function. */
  readonly loadMore: () => void;
  /** Back to the first page. */
  readonly reset: () => void;
}

/** Rows that move meanwhile leave neither gap nor duplicate. [Q5] Equal options are the same query. */
export function useInfiniteQuery<E extends EntityOf<RegisteredApp>>(
  entity: E,
  options: InfiniteOptions,
): InfiniteHandle<RowOf<RegisteredApp, E>> {
  const engine = useEngine();
  const key = canonicalJson({ ...options } as Json);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `key` stands for `options`
  const query = useMemo(() => engine.createInfiniteQuery(entity, options), [engine, entity, key]);
  const subscribe = useCallback((listener: () => void) => query.subscribe(listener), [query]);
  const read = useCallback(() => query.result, [query]);
  const result = useSyncExternalStore(subscribe, read, read);
  const loadMore = useCallback(() => query.loadMore(), [query]);
  const reset = useCallback(() => query.reset(), [query]);
  return useMemo(() => ({ ...result, loadMore, reset }), [result, loadMore, reset]);
}

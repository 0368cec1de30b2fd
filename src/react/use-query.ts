/** Rows as state: a list by a query, or one row. A component renders again only when its own result changes. */
import { useCallback, useMemo, useSyncExternalStore } from 'react';
import { canonicalJson, type Json } from '../base/json.ts';
import type { EntityOf, RowOf } from '../client/app-rows.ts';
import type { QueryResult } from '../client/live-query.ts';
import type { QuerySpec } from '../schema/query-spec.ts';
import { useEngine } from './provider.ts';
import type { RegisteredApp } from './register.ts';

export type QueryOptions = Omit<QuerySpec, 'entity'>;

/** `data` is undefined while nothing is known; `complete` says whether the server has confirmed it. */
export function useQuery<E extends EntityOf<RegisteredApp>>(
  entity: E,
  options: QueryOptions = {},
): QueryResult<RowOf<RegisteredApp, E>> {
  const engine = useEngine();
  // Equal options are the same query, however often a render makes them anew.
  const key = canonicalJson(options as Json);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `key` stands for `options`
  const query = useMemo(() => engine.liveQuery({ ...options, entity }), [engine, entity, key]);
  const subscribe = useCallback((listener: () => void) => query.subscribe(listener), [query]);
  const read = useCallback(() => query.result, [query]);
  return useSyncExternalStore(subscribe, read, read);
}

/** The row, or undefined when there is none (yet). */
export function useRow<E extends EntityOf<RegisteredApp>>(
  entity: E,
  id: string,
): RowOf<RegisteredApp, E> | undefined {
  const engine = useEngine();
  const subscribe = useCallback(
    (listener: () => void) => engine.store.subscribe(entity, listener),
    [engine, entity],
  );
  const read = useCallback(() => engine.store.get(entity, id), [engine, entity, id]);
  return useSyncExternalStore(subscribe, read, read);
}

/**
 * The hooks for one app, without `Register`: for programs that serve several apps.
 * `export const { useQuery, useRow, useEngine } = createHooks<App>()`
 * Hooks that take a function's reference (useReactiveQuery, useMutation, ..) need no app: the reference has the types.
 */
import type { EntityOf, RowOf } from '../client/app-rows.ts';
import type { InfiniteOptions } from '../client/infinite-query.ts';
import type { QueryResult } from '../client/live-query.ts';
import type { SyncEngine } from '../client/sync-engine.ts';
import type { AppShape } from '../schema/app-shape.ts';
import { useEngine } from './provider.ts';
import { type EntityHandle, useEntity } from './use-entity.ts';
import { type InfiniteHandle, useInfiniteQuery } from './use-infinite-query.ts';
import { type QueryOptions, useQuery, useRow } from './use-query.ts';

export interface Hooks<App extends AppShape> {
  useEngine(): SyncEngine<App>;
  useQuery<E extends EntityOf<App>>(entity: E, options?: QueryOptions): QueryResult<RowOf<App, E>>;
  useRow<E extends EntityOf<App>>(entity: E, id: string): RowOf<App, E> | undefined;
  useInfiniteQuery<E extends EntityOf<App>>(
    entity: E,
    options: InfiniteOptions,
  ): InfiniteHandle<RowOf<App, E>>;
  useEntity<E extends EntityOf<App>>(entity: E): EntityHandle<App, E>;
}

export function createHooks<App extends AppShape>(): Hooks<App> {
  // The same functions: an app is only types to them.
  return { useEngine, useQuery, useRow, useInfiniteQuery, useEntity } as unknown as Hooks<App>;
}

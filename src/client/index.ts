/** `ternion/client`: the sync engine. */
export { Fault, isFault } from '../base/fault.ts';
export type { Json, JsonObject } from '../base/json.ts';
export type { SessionInfo } from '../protocol/server-message.ts';
export type { AppShape, FunctionRef } from '../schema/app-shape.ts';
export type { QuerySpec } from '../schema/query-spec.ts';
export { createApi } from './api.ts';
export type { EntityOf, InsertOf, PatchOf, RowOf } from './app-rows.ts';
export { browserEnv, defaultStorage } from './browser-env.ts';
export type { CallOptions } from './calls.ts';
export type { ChannelEvents, Channels, ClientChannel, EngineHost } from './channel.ts';
export type { ConnectionState } from './connection.ts';
export { createSyncEngine, type EngineOptions } from './create-sync-engine.ts';
export {
  type DirectCalls,
  type DirectOptions,
  directCalls,
  type ListOptions,
  type ListPage,
} from './direct-calls.ts';
export type { EngineStore } from './engine-store.ts';
export { getServerData, type ServerDataOptions } from './get-server-data.ts';
export { type GuestOptions, guestToken } from './guest-session.ts';
export { IdbPersistence } from './idb-persistence.ts';
export {
  type InfiniteOptions,
  type InfiniteQuery,
  type InfiniteResult,
  MAX_INFINITE_ROWS,
} from './infinite-query.ts';
export type { LiveQuery, QueryResult } from './live-query.ts';
export { MemoryPersistence } from './memory-persistence.ts';
export { type MutationEvent, mutationQueueListener } from './mutation-queue.ts';
export type {
  MutationName,
  Optimistic,
  OptimisticContext,
  OptimisticLocal,
  OptimisticPart,
} from './optimistic.ts';
export { MAX_PAGES, type PageArgs, type PagedResult, type PageValue } from './paged-query.ts';
export type { CallOp, Change, DocPersistence, Persistence, StoredOp } from './persistence.ts';
export type { RoomIdentity, RoomMember, RoomView, TopicEvent } from './room-link.ts';
export type { Knowledge, RowChange } from './row-view.ts';
export { type ServerData, serializeServerData } from './server-data.ts';
export { createWriteThroughStorage, type KeyValueStorage } from './storage.ts';
export { SyncEngine, type SyncEngineDeps, type SyncEngineOptions } from './sync-engine.ts';
export type { TokenOption } from './token-source.ts';
export type { EngineStats } from './traffic.ts';
export type { ClientTransport, ClientTransportEvents, Connect } from './transport.ts';
export type { Watcher, WatchState } from './watch-state.ts';
export { webSocketConnect } from './web-socket-transport.ts';

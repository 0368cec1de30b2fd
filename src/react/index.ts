/** `ternion/react`: rows, functions and the engine's state as hooks. */
export { createHooks, type Hooks } from './create-hooks.ts';
export { TernionProvider, type TernionProviderProps, useEngine } from './provider.ts';
// `export *`, because only such an export lets apps add to `Register` under the name 'ternion/react'.
export * from './register.ts';
export {
  type MutationQueueView,
  useConnection,
  useMutationQueue,
  useSession,
} from './use-engine-state.ts';
export { type EntityHandle, useEntity } from './use-entity.ts';
export { type InfiniteHandle, useInfiniteQuery } from './use-infinite-query.ts';
export { type MutationHandle, useMutation } from './use-mutation.ts';
export { usePresence } from './use-presence.ts';
export { type QueryOptions, useQuery, useRow } from './use-query.ts';
export {
  type PaginatedResult,
  type ReactiveResult,
  usePaginatedQuery,
  useReactiveQuery,
} from './use-reactive-query.ts';
export { type TopicHandle, useTopic } from './use-topic.ts';

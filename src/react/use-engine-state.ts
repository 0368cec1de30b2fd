/** The engine's own state: who is here, how the connection stands, which writes wait. */
import { useCallback, useMemo, useSyncExternalStore } from 'react';
import type { EngineHost } from '../client/channel.ts';
import type { ConnectionState } from '../client/connection.ts';
import type { StoredOp } from '../client/persistence.ts';
import { useEngine } from './provider.ts';

/** Null while nobody knows who this is. */
export function useSession(): EngineHost['session'] {
  const engine = useEngine();
  const subscribe = useCallback((listener: () => void) => engine.onIdentity(listener), [engine]);
  const read = useCallback(() => engine.session, [engine]);
  return useSyncExternalStore(subscribe, read, read);
}

export function useConnection(): ConnectionState {
  const engine = useEngine();
  const subscribe = useCallback((listener: () => void) => engine.connection.subscribe(listener), [engine]);
  const read = useCallback(() => engine.connection.state, [engine]);
  return useSyncExternalStore(subscribe, read, read);
}

export interface MutationQueueView {
  readonly pending: readonly StoredOp[];
  /** Refused and rolled back; kept until retried or removed. */
  readonly failed: readonly StoredOp[];
  /** Does it again as a new op, whose id is returned. */
  readonly retry: (id: string) => string;
  readonly remove: (id: string) => void;
}

/** The row writes that the server has not answered, and those that it refused. */
export function useMutationQueue(): MutationQueueView {
  const { mutations } = useEngine();
  const subscribe = useCallback((listener: () => void) => mutations.subscribe(listener), [mutations]);
  const readPending = useCallback(() => mutations.pending(), [mutations]);
  const readFailed = useCallback(() => mutations.failed(), [mutations]);
  const pending = useSyncExternalStore(subscribe, readPending, readPending);
  const failed = useSyncExternalStore(subscribe, readFailed, readFailed);
  return useMemo(
    () => ({ pending, failed, retry: (id) => mutations.retry(id), remove: (id) => mutations.remove(id) }),
    [pending, failed, mutations],
  );
}

/** Engines against a FakeServer, for the unit tests of the client. Tokens: `ann`, `bob`, or none. */
import type { Env } from '../../base/env.ts';
import { MemoryPersistence, type MemoryPersistenceOptions } from '../memory-persistence.ts';
import type { Persistence } from '../persistence.ts';
import { createWriteThroughStorage } from '../storage.ts';
import { SyncEngine, type SyncEngineOptions } from '../sync-engine.ts';
import { FakeServer, user } from './fake-server.ts';

export function engineKit<E extends Env>(env: E, options: SyncEngineOptions & MemoryPersistenceOptions = {}) {
  const server = new FakeServer(env);
  server.sessions.set('ann', user('ann'));
  server.sessions.set('bob', user('bob'));
  const storage = createWriteThroughStorage();
  const persistence = new MemoryPersistence(options);
  const make = (kept: Persistence, more: SyncEngineOptions) =>
    new SyncEngine(
      { env, connect: server.connect, fetchSession: server.fetchSession, storage, persistence: kept },
      { token: 'ann', ...options, ...more },
    );
  /** Another page of the same browser, with what `persistence` has stored by now. */
  const reload = (more: SyncEngineOptions = {}) =>
    make(new MemoryPersistence({ state: persistence.snapshot() }), more);
  return { env, server, storage, persistence, reload, engine: make(persistence, {}) };
}

export function isComplete(engine: SyncEngine): () => boolean {
  return () => engine.store.knowledge === 'complete';
}

/** The ids of an entity's rows, sorted. */
export function idsOf(engine: SyncEngine, entity = 'Note'): string[] {
  return engine.store
    .list(entity)
    .map((row) => row.id)
    .sort();
}

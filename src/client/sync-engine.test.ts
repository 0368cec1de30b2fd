import { expect, test } from 'vitest';
import { simEnv } from '../testing/sim-env.ts';
import { MemoryPersistence, type MemoryPersistenceOptions } from './memory-persistence.ts';
import { createWriteThroughStorage } from './storage.ts';
import { SyncEngine, type SyncEngineOptions } from './sync-engine.ts';
import { FakeServer, user } from './testing/fake-server.ts';

function setUp(options: SyncEngineOptions & MemoryPersistenceOptions = {}) {
  const env = simEnv();
  const server = new FakeServer(env);
  server.sessions.set('ann', user('ann'));
  server.sessions.set('bob', user('bob'));
  const storage = createWriteThroughStorage();
  const persistence = new MemoryPersistence(options);
  const make = (more: SyncEngineOptions & { persistence?: MemoryPersistence } = {}) =>
    new SyncEngine(
      {
        env,
        connect: server.connect,
        fetchSession: server.fetchSession,
        storage,
        persistence: more.persistence ?? persistence,
      },
      { token: 'ann', ...options, ...more },
    );
  return { env, server, storage, persistence, make, engine: make(), clock: env.clock };
}

const complete = (engine: SyncEngine) => () => engine.store.knowledge === 'complete';

test('a fresh client gets a reset and then follows', async () => {
  const { engine, server, clock } = setUp();
  server.put('Note', 'n1', { title: 'a' });
  const started = engine.start();
  await clock.until(complete(engine));
  await started;
  expect(engine.session?.userId).toBe('ann');
  expect(engine.store.list('Note')).toEqual([{ id: 'n1', title: 'a' }]);
  server.put('Note', 'n2', { title: 'b' });
  await clock.advance(50);
  expect(engine.store.list('Note').map((row) => row.id)).toEqual(['n1', 'n2']);
  expect(engine.stats).toMatchObject({ socketsOpened: 1, socketsOpen: 1 });
});

test('[S7] an insert is visible at once and never flickers', async () => {
  const { engine, server, clock } = setUp();
  void engine.start();
  await clock.until(complete(engine));
  const seen: unknown[] = [];
  engine.store.subscribe('Note', () => seen.push(engine.store.list('Note').map((row) => row.title)));
  const id = engine.insert('Note', { title: 'mine' });
  const row = engine.store.get('Note', id);
  expect(row).toEqual({ id, title: 'mine' });
  expect(engine.mutations.pending()).toHaveLength(1);
  await clock.until(() => engine.mutations.pending().length === 0);
  await clock.advance(100);
  expect(server.row(id)).toEqual({ id, title: 'mine' });
  expect(engine.store.get('Note', id)).toBe(row);
  expect(seen).toEqual([['mine']]);
});

import { describe, expect, test } from 'vitest';
import { simEnv } from '../testing/sim-env.ts';
import { fingerprint } from './last-session.ts';
import type { MemoryPersistenceOptions } from './memory-persistence.ts';
import { type ServerData, serializeServerData } from './server-data.ts';
import type { SyncEngineOptions } from './sync-engine.ts';
import { engineKit, idsOf, isComplete } from './testing/engine-kit.ts';
import { user } from './testing/fake-server.ts';

const row = (id: string, data = {}) => ({ entity: 'Note', id, data: { id, ...data } });
const dataOf = (more: Partial<ServerData> = {}): ServerData => ({
  session: user('ann'),
  token: fingerprint('ann'),
  cursor: { epoch: 'e1', seq: 1 },
  whole: true,
  rows: [row('a', { title: 'first' })],
  ...more,
});

function setUp(options: SyncEngineOptions & MemoryPersistenceOptions = {}) {
  const kit = engineKit(simEnv(), options);
  kit.server.put('Note', 'a', { title: 'first' });
  kit.server.put('Note', 'b', {});
  return { ...kit, clock: kit.env.clock };
}

describe('hydrate', () => {
  test('[S6] shows rows before start, and goes on from their cursor', async () => {
    const { engine, server, clock, persistence } = setUp();
    engine.hydrate(dataOf());
    expect(idsOf(engine)).toEqual(['a']);
    expect(engine.store.knowledge).toBe('stale');
    const query = engine.liveQuery({ entity: 'Note' });
    expect(query.result).toMatchObject({ data: [{ id: 'a' }], complete: false });
    void engine.start();
    await clock.until(isComplete(engine));
    expect(server.messages('hello')[0]?.cursor).toEqual({ epoch: 'e1', seq: 1 });
    expect(idsOf(engine)).toEqual(['a', 'b']);
    await clock.advance(50);
    // [S3] What the cursor covers is on disk, the rows of the page too.
    expect([...persistence.snapshot().rows.get('Note')!.keys()].sort()).toEqual(['a', 'b']);
    expect(persistence.snapshot().cursor?.seq).toBe(2);
    expect(() => engine.hydrate(dataOf())).toThrow('before start');
  });

  test('[S8] rows of another identity are never shown', async () => {
    for (const token of ['ann', async () => 'ann']) {
      const { engine, clock, server } = setUp({ token });
      engine.hydrate(dataOf({ session: user('bob'), token: fingerprint('bob'), rows: [row('secret')] }));
      const seen = new Set(idsOf(engine));
      engine.store.subscribe(() => {
        for (const id of idsOf(engine)) seen.add(id);
      });
      void engine.start();
      await clock.until(isComplete(engine));
      expect([...seen].sort()).toEqual(['a', 'b']);
      expect(server.messages('hello')[0]?.cursor).toBeNull();
    }
  });

  test('[S8] rows that are shown go when the server takes the token for somebody else, or it is changed', async () => {
    const { engine, server, clock } = setUp();
    engine.hydrate(dataOf({ rows: [row('secret')] }));
    server.sessions.set('ann', user('eve'));
    const seen = new Set<string>();
    engine.store.subscribe(() => {
      if (engine.session?.userId === 'eve') for (const id of idsOf(engine)) seen.add(id);
    });
    void engine.start();
    await clock.until(isComplete(engine));
    expect([...seen].sort()).toEqual(['a', 'b']);
    const other = setUp().engine;
    other.hydrate(dataOf());
    other.setToken('bob');
    expect(idsOf(other)).toEqual([]);
  });

  test('with a token function rows wait until it is known whose page this is', async () => {
    const { engine, clock } = setUp({ token: async () => 'ann' });
    engine.hydrate(dataOf({ rows: [row('from page')] }));
    expect(idsOf(engine)).toEqual([]);
    const seen: string[][] = [];
    engine.store.subscribe(() => seen.push(idsOf(engine)));
    void engine.start();
    await clock.until(isComplete(engine));
    expect(seen[0]).toEqual(['from page']);
  });

  test('stored rows that are as new win, older ones do not', async () => {
    const { engine, clock, reload } = setUp();
    void engine.start();
    await clock.until(isComplete(engine));
    await clock.advance(50);
    const same = reload();
    same.hydrate(dataOf({ rows: [row('old')] }));
    await clock.run(same.start());
    expect(idsOf(same)).toEqual(['a', 'b']);
    await clock.run(same.close());
    const newer = reload();
    newer.hydrate(dataOf({ cursor: { epoch: 'e1', seq: 3 }, rows: [row('c')] }));
    await clock.run(newer.start());
    expect(idsOf(newer)).toEqual(['c']);
  });

  test('a part of the entities is shown, and replaced by a whole copy', async () => {
    const { engine, server, clock } = setUp();
    engine.hydrate(dataOf({ whole: false, rows: [row('from page')] }));
    void engine.start();
    await clock.until(() => engine.connection.state.name === 'ready');
    expect(server.messages('hello')[0]?.cursor).toBeNull();
    expect(idsOf(engine)).toEqual(['from page']);
    await clock.until(isComplete(engine));
    expect(idsOf(engine)).toEqual(['a', 'b']);
  });

  test('refuses what is no server data', () => {
    const { engine } = setUp();
    expect(() => engine.hydrate({ rows: [] } as unknown as ServerData)).toThrow('server data');
  });
});

test('serialized data ends no script element and reads back', () => {
  const data = dataOf({ rows: [row('a', { title: '</script><!--\u2028' })] });
  const text = serializeServerData(data);
  expect(text).not.toMatch(/[<\u2028]/);
  expect(JSON.parse(text)).toEqual(data);
});

describe('resolvedSession', () => {
  test('waits until somebody knows, and rejects when the engine ends before', async () => {
    const { engine, clock } = setUp();
    const session = engine.resolvedSession();
    void engine.start();
    expect((await clock.run(session)).userId).toBe('ann');
    expect((await engine.resolvedSession()).userId).toBe('ann');
    const other = setUp().engine;
    const never = other.resolvedSession();
    await other.close();
    await expect(never).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('resetReplica', () => {
  test('forgets rows and cursor, keeps unsent writes, and makes a new copy', async () => {
    const { engine, server, clock, persistence } = setUp();
    void engine.start();
    await clock.until(isComplete(engine));
    server.intercept = ({ t }) => t === 'push';
    const id = engine.insert('Note', { title: 'mine' });
    await clock.advance(50);
    const reset = engine.resetReplica();
    expect(idsOf(engine)).toEqual([id]);
    await clock.run(reset);
    expect(server.messages('catchup').at(-1)).toMatchObject({ cursor: null });
    expect(idsOf(engine)).toEqual(['a', 'b', id].sort());
    expect(engine.mutations.pending()).toHaveLength(1);
    await clock.advance(50);
    expect(persistence.snapshot().cursor?.seq).toBe(2);
  });
});

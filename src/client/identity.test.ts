import { describe, expect, test } from 'vitest';
import { simEnv } from '../testing/sim-env.ts';
import type { MemoryPersistenceOptions } from './memory-persistence.ts';
import type { SyncEngineOptions } from './sync-engine.ts';
import { engineKit, idsOf, isComplete } from './testing/engine-kit.ts';
import { user } from './testing/fake-server.ts';

async function setUp(options: SyncEngineOptions & MemoryPersistenceOptions = {}) {
  const kit = engineKit(simEnv(), options);
  const { clock } = kit.env;
  kit.server.put('Note', 'for-ann', { owner: 'ann' });
  kit.server.put('Note', 'for-bob', { owner: 'bob' });
  kit.server.put('Note', 'for-all', {});
  void kit.engine.start();
  await clock.until(isComplete(kit.engine));
  await clock.advance(50);
  return { ...kit, clock };
}

describe('the start', () => {
  test('offline with the token of the last time shows the rows of the last time', async () => {
    const { engine, server, reload, clock } = await setUp();
    await clock.run(engine.close());
    server.reachable = false;
    const again = reload();
    await clock.run(again.start());
    expect(again.session?.userId).toBe('ann');
    expect(idsOf(again)).toEqual(['for-all', 'for-ann']);
    expect(again.store.knowledge).toBe('stale');
    server.reachable = true;
    await clock.until(isComplete(again));
  });

  test('[S8] offline with another token shows nothing, and takes no writes, until the server says who it is', async () => {
    const { engine, server, reload, clock, storage } = await setUp();
    await clock.run(engine.close());
    server.reachable = false;
    const again = reload({ token: 'bob' });
    await clock.run(again.start());
    expect(again.session).toBeNull();
    expect(idsOf(again)).toEqual([]);
    expect(() => again.insert('Note', {})).toThrow('who this is');
    server.reachable = true;
    await clock.until(isComplete(again));
    expect(idsOf(again)).toEqual(['for-all', 'for-bob']);
    expect(JSON.stringify(storage.getItem('ternion:default:session'))).not.toContain('token":"bob');
  });

  test('[S8] after a change of identity nothing stored of the old one is read or sent', async () => {
    const { engine, server, reload, persistence, clock } = await setUp();
    server.intercept = ({ t }) => t === 'push';
    engine.insert('Note', { owner: 'ann', secret: true });
    await clock.advance(100);
    expect(persistence.snapshot().ops.size).toBe(1);
    await clock.run(engine.close());
    server.intercept = undefined;
    server.received.length = 0;
    const again = reload({ token: 'bob' });
    const shown: string[] = [];
    again.store.subscribe(() => shown.push(...idsOf(again)));
    void again.start();
    await clock.until(isComplete(again));
    await clock.advance(100);
    expect(server.messages('hello')[0]?.cursor).toBeNull();
    expect(server.messages('push')).toEqual([]);
    expect(new Set(shown)).toEqual(new Set(['for-all', 'for-bob']));
  });
});

describe('[S8] a new token', () => {
  test('in place replaces rows, queue, calls and channels of the old identity', async () => {
    const { engine, server, clock, persistence } = await setUp();
    server.intercept = ({ t }) => t === 'push' || t === 'call';
    engine.insert('Note', { owner: 'ann' });
    const call = expect(engine.call({ name: 'f' }, {})).rejects.toMatchObject({ code: 'unauthorized' });
    const closed: string[] = [];
    const nothing = () => {};
    engine.channels.open('doc', null, {
      opened: nothing,
      frame: nothing,
      lost: nothing,
      closed: (fault) => closed.push(fault.code),
    });
    await clock.advance(50);
    server.intercept = undefined;
    const sessions: (string | null)[] = [];
    engine.onSession((session) => sessions.push(session.userId));
    const seen = new Set<string>();
    engine.setToken('bob');
    engine.store.subscribe(() => {
      for (const id of idsOf(engine)) if (engine.session?.userId === 'bob') seen.add(id);
    });
    await clock.run(call);
    await clock.until(() => engine.session?.userId === 'bob' && engine.store.knowledge === 'complete');
    await clock.advance(200);
    expect([...seen].sort()).toEqual(['for-all', 'for-bob']);
    expect(engine.mutations.pending()).toEqual([]);
    expect(closed).toEqual(['unauthorized']);
    expect(sessions).toEqual(['bob']);
    expect(server.messages('push')).toHaveLength(1); // ann's, before the change
    expect(persistence.snapshot()).toMatchObject({ owner: 'user:bob', ops: new Map() });
    expect([...(persistence.snapshot().rows.get('Note')?.keys() ?? [])].sort()).toEqual([
      'for-all',
      'for-bob',
    ]);
    expect(server.sockets).toHaveLength(1);
  });

  test('of the same user changes nothing that is seen, and holds writes back only until the server knows it', async () => {
    const { engine, server, clock } = await setUp();
    server.sessions.set('ann2', user('ann'));
    const rows = engine.store.list('Note');
    engine.setToken('ann2');
    const id = engine.insert('Note', { owner: 'ann' });
    const call = engine.call({ name: 'f' }, {});
    await clock.advance(5);
    expect(server.messages('push')).toEqual([]);
    await clock.run(call);
    await clock.until(() => server.row(id) !== undefined);
    const order = server.received.map(({ t }) => t).filter((t) => t !== 'hello');
    expect(order).toEqual(['auth', 'push', 'call']);
    expect(rows.every((row) => engine.store.get('Note', row.id) === row)).toBe(true);
  });

  test('while offline hides everything at once', async () => {
    const { engine, server, clock } = await setUp();
    server.reachable = false;
    server.socket.drop(1006);
    const identities: unknown[] = [];
    engine.onIdentity((session) => identities.push(session?.userId ?? null));
    engine.setToken('bob');
    expect(idsOf(engine)).toEqual([]);
    expect(engine.session).toBeNull();
    server.reachable = true;
    await clock.until(isComplete(engine));
    expect(idsOf(engine)).toEqual(['for-all', 'for-bob']);
    expect(identities).toEqual([null, 'bob']);
  });

  test('whose answer is lost with the connection hides everything until it is known', async () => {
    const { engine, server, clock } = await setUp();
    server.intercept = ({ t }) => t === 'auth';
    engine.setToken('bob');
    await clock.advance(50);
    server.reachable = false;
    server.socket.drop(1006);
    expect(idsOf(engine)).toEqual([]);
    server.reachable = true;
    await clock.until(isComplete(engine));
    expect(idsOf(engine)).toEqual(['for-all', 'for-bob']);
  });

  test('that is followed by another before it is answered is nobody', async () => {
    const { engine, server, clock, storage } = await setUp();
    server.sessions.set('cid', user('cid'));
    const sessions: (string | null)[] = [];
    engine.onSession((session) => sessions.push(session.userId));
    engine.setToken('bob');
    await clock.advance(1);
    engine.setToken('cid');
    await clock.until(() => engine.session?.userId === 'cid' && engine.store.knowledge === 'complete');
    expect(sessions).toEqual(['cid']);
    expect(storage.getItem('ternion:default:session')).toContain('cid');
  });

  test('null signs out', async () => {
    const { engine, clock } = await setUp();
    engine.setToken(null);
    await clock.until(() => engine.session?.kind === 'anonymous' && engine.store.knowledge === 'complete');
    expect(idsOf(engine)).toEqual(['for-all']);
  });
});

test('[S8] a server that takes this client for somebody else than it was gets no cursor of the old rows', async () => {
  const { engine, server, clock } = await setUp();
  server.sessions.set('ann', user('eve'));
  server.socket.drop(1006);
  const seen = new Set<string>();
  engine.store.subscribe(() => {
    if (engine.session?.userId === 'eve') for (const id of idsOf(engine)) seen.add(id);
  });
  await clock.until(() => engine.session?.userId === 'eve' && engine.store.knowledge === 'complete');
  expect(server.messages('catchup')[0]).toMatchObject({ cursor: null });
  expect([...seen]).toEqual(['for-all']);
});

describe('a token function', () => {
  test('is asked once, and again with what was refused', async () => {
    const asked: unknown[] = [];
    const tokens = ['old', 'ann'];
    const { engine, server } = await setUp({
      token: async (refused) => {
        asked.push(refused);
        return tokens.shift() ?? 'ann';
      },
    });
    expect(asked).toEqual([undefined, 'old']);
    expect(engine.session?.userId).toBe('ann');
    expect(server.socket.token).toBe('ann');
  });

  test('is asked once per backoff while the server refuses', async () => {
    let asked = 0;
    const kit = engineKit(simEnv(), { token: async () => `bad${asked++}` });
    void kit.engine.start();
    await kit.env.clock.advance(30);
    expect(asked).toBe(2);
    expect(kit.engine.connection.state).toMatchObject({ name: 'waiting', fault: { code: 'unauthorized' } });
    await kit.env.clock.advance(60_000);
    const { state } = kit.engine.connection;
    expect(asked).toBe(state.name === 'waiting' ? state.attempt + 1 : undefined);
  });

  test('is asked again when a connection is closed as unauthorized', async () => {
    const asked: unknown[] = [];
    const { engine, server, clock } = await setUp({
      token: async (refused) => {
        asked.push(refused);
        return 'ann';
      },
    });
    server.socket.drop(4401);
    await clock.until(() => engine.connection.state.name === 'ready');
    expect(asked).toEqual([undefined, 'ann']);
  });
});

test('documents wait for an owner, and those of another owner are refused', async () => {
  const { engine, clock, reload } = await setUp();
  await clock.run(engine.docs.changeDocs([], () => new Map([['Note:n', Uint8Array.of(1)]])));
  const other = reload();
  const early = other.docs.loadDoc('Note:n');
  void other.start();
  expect(await clock.run(early)).toEqual(Uint8Array.of(1));
  engine.setToken('bob');
  await clock.until(() => engine.session?.userId === 'bob');
  expect(await clock.run(engine.docs.loadDoc('Note:n'))).toBeNull();
});

import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../base/json.ts';
import type { SubscriptionPart } from '../protocol/row-batch.ts';
import { simEnv } from '../testing/sim-env.ts';
import type { LiveQuery } from './live-query.ts';
import { LINGER_MS } from './subscriptions.ts';
import { engineKit, idsOf, isComplete } from './testing/engine-kit.ts';

async function started(queried = ['Note']) {
  const kit = engineKit(simEnv());
  const { env, engine, server } = kit;
  server.queried = queried;
  await env.clock.run(engine.start());
  await env.clock.until(isComplete(engine), 1000);
  /** A batch of parts alone, or with the rows of the replica that a test has written quietly. */
  const tell = async (subs: SubscriptionPart[]) => {
    const { socket } = server;
    socket.tell({ t: 'batch', from: socket.sentSeq, to: server.seq, ops: [], subs });
    socket.sentSeq = server.seq;
    await env.clock.advance(20);
  };
  const asked = () => server.messages('subscribe').map(({ id, query }) => [id, query] as const);
  const lastId = () => server.messages('subscribe').at(-1)!.id;
  return { ...kit, tell, asked, lastId };
}
const row = (row_id: string, data: JsonObject = {}) => ({ row_id, data: { id: row_id, ...data } });
const op = (kind: 'insert' | 'update' | 'delete', row_id: string, data?: JsonObject) => ({
  seq: 1,
  entity: 'Note',
  row_id,
  kind,
  timestamp: 0,
  ...(data && { data }),
});
const ids = (query: LiveQuery<{ id: string }>) => query.data?.map(({ id }) => id);

describe('a live query of an entity that is not in the replica', () => {
  test('asks while somebody listens, shows what comes, and follows it', async () => {
    const { env, engine, tell, asked, lastId } = await started();
    const query = engine.liveQuery({ entity: 'Note', where: { tag: 'x' } });
    expect(query.result).toEqual({ data: undefined, complete: false });
    await env.clock.advance(20);
    expect(asked()).toEqual([]);
    const seen: unknown[] = [];
    query.subscribe(({ data, complete }) => seen.push([data?.length, complete]));
    await env.clock.advance(20);
    expect(asked()).toEqual([[lastId(), { entity: 'Note', where: { tag: 'x' } }]]);
    expect(query.result).toEqual({ data: undefined, complete: false });
    await tell([{ id: lastId(), rows: [] }]);
    await tell([{ id: lastId(), ops: [op('insert', 'a', { id: 'a', tag: 'x' })] }]);
    expect(ids(query)).toEqual(['a']);
    await tell([{ id: lastId(), ops: [op('delete', 'a')] }]);
    expect(seen).toEqual([
      [0, true],
      [1, true],
      [0, true],
    ]);
  });

  test('equal ones share a subscription, which lingers when the last has left', async () => {
    const { env, engine, server, tell, lastId } = await started();
    const query = () => engine.liveQuery({ entity: 'Note' });
    const ends = [query().subscribe(() => {}), query().subscribe(() => {})];
    const ordered = engine.liveQuery({ entity: 'Note', orderBy: [{ field: 'n', direction: 'asc' }] });
    ends.push(ordered.subscribe(() => {}));
    await env.clock.advance(20);
    expect(server.messages('subscribe')).toHaveLength(1);
    await tell([{ id: lastId(), rows: [row('a')] }]);
    for (const end of ends) end();
    await env.clock.advance(LINGER_MS - 100);
    const again = query();
    const end = again.subscribe(() => {});
    expect(ids(again)).toEqual(['a']);
    end();
    await env.clock.advance(LINGER_MS + 50);
    expect(server.messages('unsubscribe')).toEqual([{ t: 'unsubscribe', id: lastId() }]);
    expect(idsOf(engine)).toEqual([]);
    expect(server.messages('subscribe')).toHaveLength(1);
  });

  test('a row stays while any subscription has it', async () => {
    const { env, engine, tell, asked } = await started();
    engine.liveQuery({ entity: 'Note', where: { tag: 'x' } }).subscribe(() => {});
    engine.liveQuery({ entity: 'Note', where: { done: true } }).subscribe(() => {});
    await env.clock.advance(20);
    const [x, done] = asked().map(([id]) => id) as [number, number];
    await tell([
      { id: x, rows: [row('a', { tag: 'x', done: true }), row('b', { tag: 'x' })] },
      { id: done, rows: [row('a', { tag: 'x', done: true })] },
    ]);
    await tell([
      { id: x, ops: [op('delete', 'a'), op('delete', 'b')] },
      { id: done, ops: [op('update', 'a', { id: 'a', tag: 'y', done: true })] },
    ]);
    expect(idsOf(engine)).toEqual(['a']);
    await tell([{ id: done, rows: [] }]);
    expect(idsOf(engine)).toEqual([]);
  });

  test('rows that are held for one query do not come before the limit of another', async () => {
    const { env, engine, tell, asked } = await started();
    const first = engine.liveQuery({ entity: 'Note', orderBy: [{ field: 'n', direction: 'asc' }], limit: 1 });
    first.subscribe(() => {});
    engine.liveQuery({ entity: 'Note' }).subscribe(() => {});
    await env.clock.advance(20);
    const [top, all] = asked().map(([id]) => id) as [number, number];
    await tell([
      { id: top, rows: [row('a', { n: 1 })] },
      { id: all, rows: [row('b', { n: 2 }), row('a', { n: 1 })] },
    ]);
    expect(ids(first)).toEqual(['a']);
  });

  test('[S2] its rows and those of the replica change together', async () => {
    const { env, engine, server, lastId } = await started();
    engine.liveQuery({ entity: 'Note' }).subscribe(() => {});
    await env.clock.advance(20);
    const seen: number[] = [];
    engine.store.subscribe(() =>
      seen.push(engine.store.list('Note').length + engine.store.list('Tag').length),
    );
    const { socket } = server;
    const ops = server.write([{ entity: 'Tag', row_id: 't', kind: 'insert', data: {} }], true);
    const subs = [{ id: lastId(), rows: [row('a')] }];
    socket.tell({ t: 'batch', from: socket.sentSeq, to: server.seq, ops, subs });
    socket.sentSeq = server.seq;
    await env.clock.advance(20);
    expect(seen).toEqual([2]);
  });

  test('after a reconnect it asks again, and is not complete until it is told', async () => {
    const { env, engine, server, tell, asked, lastId } = await started();
    const query = engine.liveQuery({ entity: 'Note' });
    query.subscribe(() => {});
    await env.clock.advance(20);
    await tell([{ id: lastId(), rows: [row('a'), row('b')] }]);
    server.socket.drop(1006);
    expect([ids(query), query.complete]).toEqual([['a', 'b'], false]);
    await env.clock.until(() => asked().length === 2, 5000);
    const other = engine.liveQuery({ entity: 'Note', where: { tag: 'x' } });
    other.subscribe(() => {});
    await env.clock.advance(20);
    await tell([{ id: lastId(), rows: [] }]);
    expect(other.complete).toBe(false); // rows of before may match it and be no longer so
    await tell([{ id: asked()[1]![0], rows: [row('b')] }]);
    expect([ids(query), query.complete, other.complete]).toEqual([['b'], true, true]);
  });

  test('is told why there are no rows, and asks again on the next connection', async () => {
    const { env, engine, server, tell, asked, lastId } = await started();
    const query = engine.liveQuery({ entity: 'Note' });
    query.subscribe(() => {});
    await env.clock.advance(20);
    await tell([{ id: lastId(), rows: [row('a')] }]);
    server.socket.tell({ t: 'dropped', id: lastId(), error: { code: 'too_large', message: 'too many' } });
    await tell([{ id: lastId(), ops: [op('insert', 'b', { id: 'b' })] }]); // was under way
    expect(query.error).toMatchObject({ code: 'too_large' });
    expect([query.data, idsOf(engine)]).toEqual([undefined, []]);
    server.socket.drop(1006);
    await env.clock.until(() => asked().length === 2, 5000);
    expect(query.error).toBeUndefined();
  });

  test('[S8] nothing of the former owner is shown, and what he was refused is asked for again', async () => {
    const { env, engine, server, tell, asked, lastId } = await started();
    const query = engine.liveQuery({ entity: 'Note' });
    query.subscribe(() => {});
    const refused = engine.liveQuery({ entity: 'Note', where: { tag: 'x' } });
    refused.subscribe(() => {});
    await env.clock.advance(20);
    const [first] = asked().map(([id]) => id) as [number, number];
    await tell([{ id: first, rows: [row('a')] }]);
    server.socket.tell({ t: 'dropped', id: lastId(), error: { code: 'overloaded', message: '' } });
    await env.clock.advance(20);
    engine.setToken('bob');
    await env.clock.until(() => engine.session?.userId === 'bob', 1000);
    await env.clock.advance(20);
    expect([query.data, query.complete, idsOf(engine)]).toEqual([undefined, false, []]);
    expect(asked()).toHaveLength(3);
    expect([refused.error, lastId() > first]).toEqual([undefined, true]);
  });

  test('[S7] the layer of a write goes when the cursor covers it, asked for or not', async () => {
    const { env, engine, server } = await started();
    engine.insert('Note', { tag: 'x' });
    expect(idsOf(engine)).toHaveLength(1);
    await env.clock.until(() => engine.mutations.pending().length === 0, 1000);
    expect(server.seq).toBe(1);
  });

  test('a copy of the replica leaves its rows alone, and the disk never has them', async () => {
    const { env, engine, server, persistence, tell, lastId } = await started();
    engine.liveQuery({ entity: 'Note' }).subscribe(() => {});
    await env.clock.advance(20);
    await tell([{ id: lastId(), rows: [row('a')] }]);
    const { socket } = server;
    socket.tell({ t: 'reset', cursor: { epoch: 'e1', seq: server.seq } });
    socket.tell({ t: 'page', entity: null, rows: [], last: true });
    await tell([]);
    expect(idsOf(engine)).toEqual(['a']);
    expect(persistence.snapshot().rows.size).toBe(0);
  });

  test('rows on disk from when the entity was in the replica are forgotten', async () => {
    const { env, engine, server, reload } = await started([]);
    server.put('Note', 'old', {});
    await env.clock.advance(50);
    await env.clock.run(engine.close());
    server.queried = ['Note'];
    const next = reload();
    await env.clock.run(next.start());
    await env.clock.until(isComplete(next), 1000);
    expect(idsOf(next)).toEqual([]);
  });
});

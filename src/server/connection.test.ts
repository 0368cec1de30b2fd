import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { encodeFrame } from '../protocol/frame.ts';
import { PROTOCOL } from '../protocol/version.ts';
import { GREETING_MS } from './connection.ts';
import { HELLO, NotesServer } from './testing/notes-server.ts';

let server: NotesServer;
beforeEach(async () => {
  server = new NotesServer();
  await server.start();
});
afterEach(() => server.remove());

describe('the handshake', () => {
  test('hello is answered by welcome, with who one is', async () => {
    const client = await server.ready('ada');
    expect(client.messages[0]).toMatchObject({
      session: { userId: 'ada', kind: 'user' },
      epoch: expect.stringContaining(server.host.store.epoch),
      seq: 0,
    });
    expect(client.messages.map(({ t }) => t)).toEqual(['welcome', 'reset', 'page', 'batch']);
  });

  test.each<[string, object | string | Uint8Array, string, number]>([
    ['another message first', { t: 'pong', time: 0 }, 'bad_message', 4400],
    ['a frame first', new Uint8Array([1, 2]), 'bad_message', 4400],
    ['no JSON', '{', 'bad_message', 4400],
    ['another protocol', { ...HELLO, protocol: PROTOCOL + 1 }, 'unsupported', 4426],
    ['another schema', { ...HELLO, schema: 'old' }, 'unsupported', 4426],
  ])('[N1] %s ends the connection with a code', async (_, message, code, close) => {
    const client = server.client();
    await client.say(message);
    expect(client.last('fault')).toMatchObject({ code });
    expect(client.closed).toEqual({ code: close, reason: code });
  });

  test.each([7, 'x', {}, { epoch: 1, seq: 'x' }, { epoch: 'e', seq: -1 }])(
    'a malformed cursor (%o) is a reset, never fatal',
    async (cursor) => {
      const client = server.client();
      await client.say({ ...HELLO, cursor });
      expect(client.messages.map(({ t }) => t)).toEqual(['welcome', 'reset', 'page', 'batch']);
    },
  );

  test('a bad token is refused before anything is told', async () => {
    const client = server.client('bad');
    await client.say(HELLO);
    expect(client.messages).toEqual([{ t: 'fault', code: 'unauthorized', message: 'bad token' }]);
    expect(client.closed?.code).toBe(4401);
  });

  test('a client that says nothing is closed', async () => {
    const client = server.client();
    await server.env.clock.advance(GREETING_MS - 1);
    expect(client.closed).toBeUndefined();
    await server.env.clock.advance(10);
    expect(client.closed?.code).toBe(4408);
  });

  test('[N3] one connection too many is refused', async () => {
    await server.start({ maxConnections: 1 });
    const first = await server.ready();
    const second = server.client();
    await server.env.clock.advance(5);
    expect(second.closed).toEqual({ code: 4503, reason: 'overloaded' });
    expect(first.closed).toBeUndefined();
  });
});

describe('messages', () => {
  test.each<[string, object | string | Uint8Array]>([
    ['an unknown type', { t: 'nope' }],
    ['an unknown key', { t: 'pong', time: 1, more: 1 }],
    ['a wrong type', { t: 'call', id: 'x', fn: 'a', args: {} }],
    ['hello again', HELLO],
    ['a deep text', `{"t":"call","id":1,"fn":"x","args":${'['.repeat(40)}${']'.repeat(40)}}`],
    ['a prototype', '{"t":"call","id":1,"fn":"notes.count","args":{"__proto__":{}}}'],
    ['a frame on channel 0', new Uint8Array([0, 1])],
    ['an empty frame', new Uint8Array([])],
  ])('[N1] %s ends this connection and no other', async (_, message) => {
    const other = await server.ready();
    const client = await server.ready();
    await client.say(message);
    expect(client.closed?.code).toBe(4400);
    await other.say({ t: 'call', id: 1, fn: 'notes.count', args: {} });
    expect(other.last('result')).toEqual({ t: 'result', id: 1, ok: true, value: 0 });
  });

  test('[N3] text and frames over their limits are refused, at the limit they pass', async () => {
    await server.start({ limits: { textBytes: 300, binaryBytes: 10 } });
    const client = await server.ready();
    await client.say(JSON.stringify({ t: 'pong', time: 1 }).padEnd(300));
    await client.say(encodeFrame(1, new Uint8Array(9)));
    expect(client.closed).toBeUndefined();
    await client.say(encodeFrame(1, new Uint8Array(10)));
    expect(client.closed?.code).toBe(4413);
    const second = await server.ready();
    await second.say(JSON.stringify({ t: 'pong', time: 1 }).padEnd(301));
    expect(second.closed?.code).toBe(4413);
  });

  test('a call is answered; its effects arrive as a batch', async () => {
    const client = await server.ready();
    await client.say({ t: 'call', id: 1, fn: 'notes.add', args: { title: 'x' }, op: 'op1' });
    const result = client.last('result')!;
    expect(result).toMatchObject({ id: 1, ok: true, seq: 1 });
    expect(client.last('batch')).toMatchObject({
      from: 0,
      to: 1,
      ops: [{ row_id: result.value, kind: 'insert' }],
    });
  });

  test('a bug in a handler is internal, and what it says stays on the server', async () => {
    const client = await server.ready();
    await client.say({ t: 'call', id: 1, fn: 'notes.bug', args: {} });
    expect(client.last('result')).toEqual({
      t: 'result',
      id: 1,
      ok: false,
      error: { code: 'internal', message: 'internal error' },
    });
  });

  test('each op of a push has its own outcome', async () => {
    const client = await server.ready();
    const op = { entity: 'Note', kind: 'insert', data: { title: 'x' } };
    await client.say({
      t: 'push',
      id: 5,
      ops: [
        { ...op, op_id: '1', row_id: 'a' },
        { ...op, op_id: '2', row_id: 'a' },
        { ...op, op_id: '3', row_id: 'b' },
      ],
    });
    expect(client.last('result')).toMatchObject({
      id: 5,
      ok: true,
      seq: 2,
      value: [
        { op_id: '1', ok: true, seq: 1 },
        { op_id: '2', ok: false, error: { code: 'conflict' } },
        { op_id: '3', ok: true, seq: 2 },
      ],
    });
  });

  test('[N3] calls in flight and ops of a push are limited', async () => {
    await server.start({ limits: { callsInFlight: 2, pushOps: 1 } });
    const client = await server.ready();
    for (const id of [1, 2, 3]) {
      client.link.client.send(JSON.stringify({ t: 'call', id, fn: 'notes.add', args: { title: 'x' } }));
    }
    await server.env.clock.advance(20);
    const results = client.messages.flatMap((m) => (m.t === 'result' ? [[m.id, m.error?.code]] : []));
    expect(results.sort()).toEqual([
      [1, undefined],
      [2, undefined],
      [3, 'overloaded'],
    ]);
    const op = { op_id: 'a', entity: 'Note', row_id: 'a', kind: 'insert', data: { title: 'x' } };
    await client.say({ t: 'push', id: 4, ops: [op] });
    expect(client.last('result')).toMatchObject({ id: 4, ok: true });
    await client.say({ t: 'push', id: 5, ops: [op, op] });
    expect(client.last('result')).toMatchObject({ id: 5, ok: false, error: { code: 'too_large' } });
  });

  test('a cancelled call is not answered', async () => {
    const client = await server.ready();
    client.link.client.send(JSON.stringify({ t: 'call', id: 1, fn: 'notes.add', args: { title: 'x' } }));
    await client.say({ t: 'cancel', id: 1 });
    expect(client.last('result')).toBeUndefined();
  });

  test('the identity changes in place, and the copy of the rows starts over', async () => {
    const client = await server.ready();
    await client.say({ t: 'auth', token: 'ada' });
    expect(client.last('session')).toMatchObject({ session: { userId: 'ada' } });
    expect(client.messages.filter(({ t }) => t === 'reset')).toHaveLength(2);
    await client.say({ t: 'auth', token: 'bad' });
    expect(client.closed?.code).toBe(4401);
  });
});

test('[S8] regression: rows queued for the old identity do not arrive behind the new session', async () => {
  await server.start({ outbox: { highWaterBytes: 1 } });
  const client = await server.ready('ada');
  client.link.pause(true);
  await client.say({
    t: 'push',
    id: 1,
    ops: [{ op_id: '1', entity: 'Note', row_id: 'a', kind: 'insert', data: { title: 'x' } }],
  });
  await client.say({
    t: 'push',
    id: 2,
    ops: [{ op_id: '2', entity: 'Note', row_id: 'b', kind: 'insert', data: { title: 'x' } }],
  });
  await client.say({ t: 'auth', token: 'eve' });
  client.link.pause(false);
  await server.env.clock.advance(100);
  const behind = client.messages.slice(client.messages.findIndex(({ t }) => t === 'session') + 1);
  expect(behind.find(({ t }) => t === 'batch' || t === 'page' || t === 'reset')).toMatchObject({
    t: 'reset',
  });
});

describe('the heartbeat', () => {
  test('pings go out; a client that answers stays, a silent one is closed', async () => {
    await server.start({ limits: { pingMs: 1000 } });
    const lively = await server.ready();
    const silent = await server.ready();
    for (let i = 0; i < 5; i++) {
      await server.env.clock.advance(1000);
      await lively.say({ t: 'pong', time: lively.last('ping')!.time });
      // Two pings may stay unanswered.
      if (i < 2) expect(silent.closed).toBeUndefined();
    }
    expect(lively.closed).toBeUndefined();
    expect(silent.closed?.code).toBe(4408);
  });
});

describe('the end', () => {
  test('[N2] a drain tells clients to move, lets calls finish and refuses new ones', async () => {
    const client = await server.ready();
    client.link.client.send(JSON.stringify({ t: 'call', id: 1, fn: 'notes.add', args: { title: 'x' } }));
    await server.env.clock.advance(1); // it has arrived and runs
    await server.env.clock.run(server.host.close());
    await server.env.clock.advance(20);
    expect(client.last('moving')).toBeDefined();
    expect(client.last('result')).toMatchObject({ id: 1, ok: true });
    expect(client.closed?.code).toBe(4501);
    const late = server.client();
    await server.env.clock.advance(20);
    expect(late.closed?.code).toBe(4501);
  });
});

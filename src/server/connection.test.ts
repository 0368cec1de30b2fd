import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Fault } from '../base/fault.ts';
import type { Json } from '../base/json.ts';
import { functions } from '../functions/define.ts';
import type { Channel, ChannelHost } from '../plugin/channel.ts';
import { defineApp } from '../plugin/define-app.ts';
import type { Plugin } from '../plugin/plugin.ts';
import { ANONYMOUS } from '../policy/viewer.ts';
import { decodeFrame, encodeFrame } from '../protocol/frame.ts';
import type { ServerMessage } from '../protocol/server-message.ts';
import { PROTOCOL } from '../protocol/version.ts';
import { defineSchema } from '../schema/define-schema.ts';
import { entity } from '../schema/entity.ts';
import { field } from '../schema/field.ts';
import { buildManifest } from '../schema/manifest.ts';
import { policy } from '../schema/policy-spec.ts';
import { v } from '../schema/validator.ts';
import { simEnv } from '../testing/sim-env.ts';
import { SimLink } from '../testing/sim-link.ts';
import { TempDatabase } from '../testing/temp-database.ts';
import { GREETING_MS } from './connection.ts';
import { Host, type HostOptions } from './host.ts';

const Note = entity('Note', { title: field.string() });
const schema = defineSchema({
  entities: [Note],
  policies: [policy({ entity: 'Note', allowRead: 'true', allowInsert: 'true' })],
});
const { mutation, query } = functions(schema);
const notes = {
  add: mutation({
    args: { title: v.string() },
    auth: 'public',
    handler: (ctx, { title }) => ctx.db.insert('Note', { title }),
  }),
  count: query({
    args: {},
    auth: 'public',
    handler: async (ctx) => (await ctx.db.query('Note').take(100)).length,
  }),
  bug: query({
    args: {},
    auth: 'public',
    handler: (): null => {
      throw new Error('the password is hunter2');
    },
  }),
};

/** A channel that sends back what it gets, and fails on demand. */
const closedChannels: string[] = [];
const echo: ChannelHost = async (channel: Channel, params: Json) => {
  if (params === 'refuse') throw new Fault('forbidden', 'not you');
  return {
    info: { params },
    frame: (payload) => {
      if (payload[0] === 0xff) throw new Fault('bad_message', 'bad frame');
      if (payload[0] === 0xfe) throw new Error('a bug');
      channel.send(payload.slice(), 'docs');
    },
    closed: () => closedChannels.push(JSON.stringify(params)),
  };
};
const plugin: Plugin = {
  name: 'echo',
  create: () => ({
    channels: { echo },
    authenticator: {
      authenticate: async (token) => {
        if (token === 'bad') throw new Fault('unauthorized', 'bad token');
        return token === null ? ANONYMOUS : { userId: token, kind: 'user', roles: [], name: null };
      },
    },
  }),
};

let database: TempDatabase;
let env: ReturnType<typeof simEnv>;
let host: Host;

beforeEach(async () => {
  database = new TempDatabase();
  env = simEnv();
  closedChannels.length = 0;
  await start();
});
afterEach(() => database.remove());

async function start(options: HostOptions = {}): Promise<void> {
  const app = defineApp({ schema, functions: { notes }, plugins: [plugin] });
  host = new Host(app, env, { drivers: database.open(), options });
  await env.clock.run(host.start());
}

class Client {
  readonly messages: ServerMessage[] = [];
  readonly frames: { channel: number; payload: number[] }[] = [];
  closed: { code: number; reason: string } | undefined;
  readonly link: SimLink;

  constructor(token: string | null = null) {
    this.link = new SimLink(env.clock, 1, {
      open: () => {},
      message: (data) => {
        if (typeof data === 'string') this.messages.push(JSON.parse(data));
        else {
          const { channel, payload } = decodeFrame(data);
          this.frames.push({ channel, payload: [...payload] });
        }
      },
      close: (code, reason) => {
        this.closed = { code, reason };
      },
    });
    host.accept(this.link.server, token);
  }

  static async ready(token: string | null = null): Promise<Client> {
    const client = new Client(token);
    await client.say(hello);
    expect(client.messages[0]).toMatchObject({ t: 'welcome' });
    return client;
  }

  async say(message: object | string | Uint8Array): Promise<void> {
    const raw =
      typeof message === 'string' || message instanceof Uint8Array ? message : JSON.stringify(message);
    this.link.client.send(raw);
    await env.clock.advance(20);
  }

  last<T extends ServerMessage['t']>(t: T): Extract<ServerMessage, { t: T }> | undefined {
    return this.messages.findLast((m): m is Extract<ServerMessage, { t: T }> => m.t === t);
  }
}

const hello = {
  t: 'hello',
  protocol: PROTOCOL,
  client: 'c1',
  schema: buildManifest(schema).hash,
  cursor: null,
};

describe('the handshake', () => {
  test('hello is answered by welcome, with who one is', async () => {
    const client = await Client.ready('ada');
    expect(client.messages[0]).toMatchObject({
      session: { userId: 'ada', kind: 'user' },
      epoch: expect.stringContaining(host.store.epoch),
      seq: 0,
    });
    expect(client.messages.map(({ t }) => t)).toEqual(['welcome', 'reset', 'page', 'batch']);
  });

  test.each<[string, object | string | Uint8Array, string, number]>([
    ['another message first', { t: 'pong', time: 0 }, 'bad_message', 4400],
    ['a frame first', new Uint8Array([1, 2]), 'bad_message', 4400],
    ['no JSON', '{', 'bad_message', 4400],
    ['another protocol', { ...hello, protocol: PROTOCOL + 1 }, 'unsupported', 4426],
    ['another schema', { ...hello, schema: 'old' }, 'unsupported', 4426],
  ])('[N1] %s ends the connection with a code', async (_, message, code, close) => {
    const client = new Client();
    await client.say(message);
    expect(client.last('fault')).toMatchObject({ code });
    expect(client.closed).toEqual({ code: close, reason: code });
  });

  test.each([7, 'x', {}, { epoch: 1, seq: 'x' }, { epoch: 'e', seq: -1 }])(
    'a malformed cursor (%o) is a reset, never fatal',
    async (cursor) => {
      const client = new Client();
      await client.say({ ...hello, cursor });
      expect(client.messages.map(({ t }) => t)).toEqual(['welcome', 'reset', 'page', 'batch']);
    },
  );

  test('a bad token is refused before anything is told', async () => {
    const client = new Client('bad');
    await client.say(hello);
    expect(client.messages).toEqual([{ t: 'fault', code: 'unauthorized', message: 'bad token' }]);
    expect(client.closed?.code).toBe(4401);
  });

  test('a client that says nothing is closed', async () => {
    const client = new Client();
    await env.clock.advance(GREETING_MS - 1);
    expect(client.closed).toBeUndefined();
    await env.clock.advance(10);
    expect(client.closed?.code).toBe(4408);
  });

  test('[N3] one connection too many is refused', async () => {
    await start({ maxConnections: 1 });
    const first = await Client.ready();
    const second = new Client();
    await env.clock.advance(5);
    expect(second.closed).toEqual({ code: 4503, reason: 'overloaded' });
    expect(first.closed).toBeUndefined();
  });
});

describe('messages', () => {
  test.each<[string, object | string | Uint8Array]>([
    ['an unknown type', { t: 'nope' }],
    ['an unknown key', { t: 'pong', time: 1, more: 1 }],
    ['a wrong type', { t: 'call', id: 'x', fn: 'a', args: {} }],
    ['hello again', hello],
    ['a deep text', `{"t":"call","id":1,"fn":"x","args":${'['.repeat(40)}${']'.repeat(40)}}`],
    ['a prototype', '{"t":"call","id":1,"fn":"notes.count","args":{"__proto__":{}}}'],
    ['a frame on channel 0', new Uint8Array([0, 1])],
    ['an empty frame', new Uint8Array([])],
  ])('[N1] %s ends this connection and no other', async (_, message) => {
    const other = await Client.ready();
    const client = await Client.ready();
    await client.say(message);
    expect(client.closed?.code).toBe(4400);
    await other.say({ t: 'call', id: 1, fn: 'notes.count', args: {} });
    expect(other.last('result')).toEqual({ t: 'result', id: 1, ok: true, value: 0 });
  });

  test('[N3] text and frames over their limits are refused, at the limit they pass', async () => {
    await start({ limits: { textBytes: 300, binaryBytes: 10 } });
    const client = await Client.ready();
    await client.say(JSON.stringify({ t: 'pong', time: 1 }).padEnd(300));
    await client.say(encodeFrame(1, new Uint8Array(9)));
    expect(client.closed).toBeUndefined();
    await client.say(encodeFrame(1, new Uint8Array(10)));
    expect(client.closed?.code).toBe(4413);
    const second = await Client.ready();
    await second.say(JSON.stringify({ t: 'pong', time: 1 }).padEnd(301));
    expect(second.closed?.code).toBe(4413);
  });

  test('a call is answered; its effects arrive as a batch', async () => {
    const client = await Client.ready();
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
    const client = await Client.ready();
    await client.say({ t: 'call', id: 1, fn: 'notes.bug', args: {} });
    expect(client.last('result')).toEqual({
      t: 'result',
      id: 1,
      ok: false,
      error: { code: 'internal', message: 'internal error' },
    });
  });

  test('each op of a push has its own outcome', async () => {
    const client = await Client.ready();
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
    await start({ limits: { callsInFlight: 2, pushOps: 1 } });
    const client = await Client.ready();
    for (const id of [1, 2, 3]) {
      client.link.client.send(JSON.stringify({ t: 'call', id, fn: 'notes.add', args: { title: 'x' } }));
    }
    await env.clock.advance(20);
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
    const client = await Client.ready();
    client.link.client.send(JSON.stringify({ t: 'call', id: 1, fn: 'notes.add', args: { title: 'x' } }));
    await client.say({ t: 'cancel', id: 1 });
    expect(client.last('result')).toBeUndefined();
  });

  test('the identity changes in place, and the copy of the rows starts over', async () => {
    const client = await Client.ready();
    await client.say({ t: 'auth', token: 'ada' });
    expect(client.last('session')).toMatchObject({ session: { userId: 'ada' } });
    expect(client.messages.filter(({ t }) => t === 'reset')).toHaveLength(2);
    await client.say({ t: 'auth', token: 'bad' });
    expect(client.closed?.code).toBe(4401);
  });
});

test('[S8] regression: rows queued for the old identity do not arrive behind the new session', async () => {
  await start({ outbox: { highWaterBytes: 1 } });
  const client = await Client.ready('ada');
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
  await env.clock.advance(100);
  const behind = client.messages.slice(client.messages.findIndex(({ t }) => t === 'session') + 1);
  expect(behind.find(({ t }) => t === 'batch' || t === 'page' || t === 'reset')).toMatchObject({
    t: 'reset',
  });
});

describe('the heartbeat', () => {
  test('pings go out; a client that answers stays, a silent one is closed', async () => {
    await start({ limits: { pingMs: 1000 } });
    const lively = await Client.ready();
    const silent = await Client.ready();
    for (let i = 0; i < 5; i++) {
      await env.clock.advance(1000);
      await lively.say({ t: 'pong', time: lively.last('ping')!.time });
    }
    expect(lively.closed).toBeUndefined();
    expect(silent.closed?.code).toBe(4408);
  });
});

describe('channels', () => {
  test('open, speak, close, and the number is free again', async () => {
    const client = await Client.ready();
    for (const params of ['first', 'second']) {
      await client.say({ t: 'open', ch: 3, kind: 'echo', params });
      expect(client.last('opened')).toEqual({ t: 'opened', ch: 3, info: { params } });
      await client.say(encodeFrame(3, new Uint8Array([1, 2])));
      expect(client.frames.at(-1)).toEqual({ channel: 3, payload: [1, 2] });
      await client.say({ t: 'close', ch: 3 });
    }
    expect(closedChannels).toEqual(['"first"', '"second"']);
    await client.say(encodeFrame(3, new Uint8Array([1])));
    expect([client.frames.length, client.closed]).toEqual([2, undefined]);
  });

  test.each([
    ['refuse', 'echo', 'forbidden'],
    ['x', 'nothing', 'not_found'],
  ])('a refusal closes the channel alone: %s %s', async (params, kind, code) => {
    const client = await Client.ready();
    await client.say({ t: 'open', ch: 1, kind, params });
    expect(client.last('closed')).toMatchObject({ ch: 1, code });
    await client.say({ t: 'open', ch: 1, kind: 'echo', params: 'x' });
    expect(client.last('opened')).toBeDefined();
  });

  test.each([
    [0xff, 'bad_message'],
    [0xfe, 'internal'],
  ])('[N1] a channel that fails on a frame (%i) ends alone with %s', async (byte, code) => {
    const client = await Client.ready();
    await client.say({ t: 'open', ch: 1, kind: 'echo', params: 1 });
    await client.say({ t: 'open', ch: 2, kind: 'echo', params: 2 });
    await client.say(encodeFrame(1, new Uint8Array([byte])));
    expect(client.last('closed')).toMatchObject({ ch: 1, code });
    await client.say(encodeFrame(2, new Uint8Array([5])));
    expect(client.frames).toEqual([{ channel: 2, payload: [5] }]);
    expect(closedChannels).toEqual(['1']);
  });

  test('[N3] channels are limited', async () => {
    await start({ limits: { channels: 2 } });
    const client = await Client.ready();
    for (const ch of [1, 2, 3]) await client.say({ t: 'open', ch, kind: 'echo', params: ch });
    expect(client.last('closed')).toMatchObject({ ch: 3, code: 'overloaded' });
    expect(client.closed).toBeUndefined();
  });

  test('opening a number twice is a broken client', async () => {
    const client = await Client.ready();
    await client.say({ t: 'open', ch: 1, kind: 'echo', params: 1 });
    await client.say({ t: 'open', ch: 1, kind: 'echo', params: 1 });
    expect(client.closed?.code).toBe(4400);
  });

  test('a lost connection closes its channels', async () => {
    const client = await Client.ready();
    await client.say({ t: 'open', ch: 1, kind: 'echo', params: 1 });
    client.link.cut();
    expect(closedChannels).toEqual(['1']);
  });
});

describe('the end', () => {
  test('[N2] a drain tells clients to move, lets calls finish and refuses new ones', async () => {
    const client = await Client.ready();
    client.link.client.send(JSON.stringify({ t: 'call', id: 1, fn: 'notes.add', args: { title: 'x' } }));
    await env.clock.advance(1); // it has arrived and runs
    await env.clock.run(host.close());
    await env.clock.advance(20);
    expect(client.last('moving')).toBeDefined();
    expect(client.last('result')).toMatchObject({ id: 1, ok: true });
    expect(client.closed?.code).toBe(4501);
    const late = new Client();
    await env.clock.advance(20);
    expect(late.closed?.code).toBe(4501);
  });
});

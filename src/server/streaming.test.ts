import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { deferred } from '../base/deferred.ts';
import { Fault } from '../base/fault.ts';
import type { Json } from '../base/json.ts';
import type { ActionContext } from '../functions/context.ts';
import { functions } from '../functions/define.ts';
import { defineApp } from '../plugin/define-app.ts';
import { defineSchema } from '../schema/define-schema.ts';
import { v } from '../schema/validator.ts';
import { simEnv } from '../testing/sim-env.ts';
import { SimLink } from '../testing/sim-link.ts';
import { TempDatabase } from '../testing/temp-database.ts';
import { eventStream } from './event-stream.ts';
import { Host, type HostOptions } from './host.ts';
import { DEFAULT_OUTBOX } from './outbox.ts';
import { HELLO } from './testing/notes-server.ts';

const { action } = functions(defineSchema({ entities: [] }));
const KILO = 'x'.repeat(1000);
let wrote = 0;
let failure: unknown;
let context: ActionContext | undefined;
let gate = deferred<void>();
const said = {
  count: action({
    args: { to: v.int() },
    auth: 'public',
    async handler(ctx, { to }) {
      for (let i = 0; i < to; i++) await ctx.stream.write({ i });
      return to;
    },
  }),
  endless: action({
    args: {},
    auth: 'public',
    async handler(ctx): Promise<null> {
      context = ctx;
      try {
        for (;;) {
          await ctx.stream.write(KILO);
          wrote++;
        }
      } catch (error) {
        failure = error;
        throw error;
      }
    },
  }),
  lines: action({
    args: { lines: v.int() },
    auth: 'public',
    async handler(ctx, { lines }): Promise<null> {
      for (; wrote < lines; wrote++) await ctx.stream.write(KILO);
      return null;
    },
  }),
  hasty: action({
    args: { writes: v.int() },
    auth: 'public',
    async handler(ctx, { writes }) {
      const all = Array.from({ length: writes }, (_, i) => ctx.stream.write([i, KILO]));
      // The others are not awaited.
      await all.at(-1);
      return 'done';
    },
  }),
  fails: action({
    args: {},
    auth: 'public',
    async handler(ctx): Promise<null> {
      await ctx.stream.write('one');
      throw new Fault('conflict', 'no more', { after: 1 });
    },
  }),
  waits: action({
    args: {},
    auth: 'public',
    async handler(ctx): Promise<null> {
      context = ctx;
      await ctx.stream.write('first');
      await gate.promise;
      return null;
    },
  }),
  writes: action({
    args: { chars: v.int() },
    auth: 'public',
    async handler(ctx, { chars }) {
      await ctx.stream.write('x'.repeat(chars));
      return null;
    },
  }),
};
const app = defineApp({ schema: defineSchema({ entities: [] }), functions: { said } });

let env: ReturnType<typeof simEnv>;
let database: TempDatabase;
let host: Host;
type Message = { t: string; id?: number; data?: Json; value?: Json; ok?: boolean; error?: { code: string } };
let heard: Message[];
let link: SimLink;

async function start(options: HostOptions = {}): Promise<void> {
  host = new Host(app, env, { drivers: database.open(), options });
  await env.clock.run(host.start());
  heard = [];
  const events = {
    open: () => {},
    message: (data: string | Uint8Array) => {
      const message: Message = JSON.parse(String(data));
      if (message.t === 'stream' || message.t === 'result') heard.push(message);
    },
    close: () => {},
  };
  link = new SimLink(env.clock, 1, events);
  host.accept(link.server, null);
  await say({ ...HELLO, schema: '' });
}
async function say(message: object): Promise<void> {
  link.client.send(JSON.stringify(message));
  await env.clock.advance(20);
}
const call = (id: number, fn: string, args: Json = {}, op?: string) =>
  say({ t: 'call', id, fn: `said.${fn}`, args, ...(op && { op }) });

beforeEach(async () => {
  env = simEnv();
  database = new TempDatabase();
  wrote = 0;
  failure = undefined;
  gate = deferred();
  await start();
});
afterEach(() => database.remove());

describe('on a socket', () => {
  test('parts come in order and before the result', async () => {
    await call(1, 'count', { to: 3 });
    expect(heard).toEqual([
      ...[0, 1, 2].map((i) => ({ t: 'stream', id: 1, data: { i } })),
      { t: 'result', id: 1, ok: true, value: 3 },
    ]);
  });

  test('what was not awaited comes before the result too', async () => {
    await start({ outbox: { streamBytes: 2000 } });
    await call(1, 'hasty', { writes: 8 });
    await env.clock.advance(100);
    expect(heard.map(({ t, data }) => (t === 'stream' ? (data as Json[])[0] : t))).toEqual([
      ...[0, 1, 2, 3, 4, 5, 6, 7],
      'result',
    ]);
  });

  test('a failure comes behind the parts', async () => {
    await call(1, 'fails');
    expect(heard).toMatchObject([
      { t: 'stream', data: 'one' },
      { t: 'result', ok: false, error: { code: 'conflict', data: { after: 1 } } },
    ]);
  });

  test('[L3] who repeats an op id gets the stored result and no parts', async () => {
    await call(1, 'count', { to: 2 }, 'op');
    heard.length = 0;
    await call(2, 'count', { to: 2 }, 'op');
    expect(heard).toEqual([{ t: 'result', id: 2, ok: true, value: 2 }]);
  });

  test('[N3] a slow reader holds the action up, and what waits for it is bounded', async () => {
    link.pause(true);
    await call(1, 'lines', { lines: 2000 });
    await env.clock.advance(1000);
    const { highWaterBytes, streamBytes } = DEFAULT_OUTBOX;
    const waiting =
      link.server.bufferedBytes + host.gauges.find(({ name }) => name.includes('outbox'))!.read();
    expect(waiting).toBeGreaterThan(streamBytes);
    expect(waiting).toBeLessThan(highWaterBytes + streamBytes + 2000);
    expect(wrote).toBeLessThan(waiting / 1000);
    link.pause(false);
    await env.clock.until(() => heard.at(-1)?.t === 'result');
    expect([wrote, heard.length]).toEqual([2000, 2001]);
  });

  test('cancel aborts ctx.signal; no more parts and no result come', async () => {
    link.pause(true);
    await call(1, 'endless');
    await say({ t: 'cancel', id: 1 });
    const before = wrote;
    link.pause(false);
    await env.clock.advance(5000);
    expect([context!.signal.aborted, wrote]).toEqual([true, before]);
    expect(failure).toMatchObject({ code: 'cancelled' });
    expect(heard.some(({ t }) => t === 'result')).toBe(false);
    expect(host.functions.actionsInFlight).toBe(0);
    heard.length = 0;
    await call(1, 'count', { to: 1 });
    expect(heard.map(({ t }) => t)).toEqual(['stream', 'result']);
  });

  test('a lost connection ends the action', async () => {
    link.pause(true);
    await call(1, 'endless');
    link.cut();
    await env.clock.advance(1);
    expect(failure).toMatchObject({ code: 'cancelled' });
    expect([context!.signal.aborted, host.functions.actionsInFlight]).toEqual([true, 0]);
  });

  test('a write after the end is a Fault', async () => {
    gate.resolve();
    await call(1, 'waits');
    await expect(context!.stream.write('late')).rejects.toMatchObject({ code: 'internal' });
    expect(heard).toHaveLength(2);
  });

  test('[N3] a chunk over the limit is refused', async () => {
    await start({ functions: { chunkBytes: 10 } });
    await call(1, 'writes', { chars: 8 });
    await call(2, 'writes', { chars: 9 });
    expect(heard.map(({ t, error }) => error?.code ?? t)).toEqual(['stream', 'result', 'too_large']);
  });

  test('[N3] one write more that waits than the limit is refused', async () => {
    await start({ functions: { chunksWaiting: 2 }, outbox: { streamBytes: 1 } });
    link.pause(true);
    await call(1, 'hasty', { writes: 3 });
    await call(2, 'hasty', { writes: 4 });
    link.pause(false);
    await env.clock.advance(1000);
    const ends = heard.filter(({ t }) => t === 'result').map(({ id, error }) => [id, error?.code]);
    expect(Object.fromEntries(ends)).toEqual({ 1: undefined, 2: 'overloaded' });
  });
});

describe('over HTTP', () => {
  const headers = { Accept: 'text/event-stream' };
  const post = (name: string, args: Json, more: RequestInit = {}) => {
    const request = new Request('http://x/', {
      method: 'POST',
      body: JSON.stringify(args),
      headers,
      ...more,
    });
    const route = host.routes.find(({ path }) => path === '/api/fn/:name')!;
    const viewer = { userId: null, kind: 'anonymous' as const, roles: [], name: null };
    return route.handle(request, { viewer, address: '', param: () => `said.${name}` });
  };
  const textOf = (response: Response) => env.clock.run(response.text());

  test('parts and the result are events', async () => {
    const response = await post('count', { to: 2 });
    expect(response.headers.get('Content-Type')).toBe('text/event-stream');
    expect(await textOf(response)).toBe(
      'event: chunk\ndata: {"i":0}\n\nevent: chunk\ndata: {"i":1}\n\nevent: result\ndata: {"value":2}\n\n',
    );
  });

  test.each<[string, Json, string]>([
    ['fails', {}, 'event: chunk\ndata: "one"\n\nevent: error\ndata: {"code":"conflict","message":"no more"'],
    ['none', {}, 'event: error\ndata: {"code":"not_found"'],
    ['count', { to: 'x' }, 'event: error\ndata: {"code":"invalid"'],
  ])('a failure of %s is an event', async (name, args, begin) => {
    expect((await textOf(await post(name, args))).startsWith(begin)).toBe(true);
  });

  test('without the header, parts are dropped', async () => {
    const response = await env.clock.run(Promise.resolve(post('count', { to: 2 }, { headers: {} })));
    expect(await response.json()).toEqual({ value: 2 });
  });

  test('[N3] a slow reader holds the action up', async () => {
    const response = await post('endless', {});
    await env.clock.advance(1000);
    const { streamBytes } = DEFAULT_OUTBOX;
    expect(wrote).toBeGreaterThan(streamBytes / 1100);
    expect(wrote).toBeLessThan(streamBytes / 1000);
    const before = wrote;
    const reader = response.body!.getReader();
    for (let i = 0; i < 10; i++) await reader.read();
    await env.clock.advance(1);
    expect(wrote).toBe(before + 10);
    await reader.cancel();
    await env.clock.advance(1);
    expect(failure).toMatchObject({ code: 'cancelled' });
    expect([context!.signal.aborted, host.functions.actionsInFlight]).toEqual([true, 0]);
  });

  test('a request that is given up ends the action', async () => {
    const caller = new AbortController();
    const response = await post('waits', {}, { signal: caller.signal });
    await env.clock.advance(1);
    caller.abort();
    gate.resolve();
    await env.clock.advance(1);
    expect(context!.signal.aborted).toBe(true);
    expect(await textOf(response)).toContain('event: chunk\ndata: "first"\n\n');
  });

  test('a comment comes every pingMs until the end, and no more than the reader takes', async () => {
    const end = deferred<{ value: Json; seq: null }>();
    const options = { bufferBytes: 20, pingMs: 1000, call: () => end.promise };
    const response = eventStream(env, options);
    await env.clock.advance(60_000);
    end.resolve({ value: 1, seq: null });
    expect(await textOf(response)).toBe(`${': ping\n\n'.repeat(3)}event: result\ndata: {"value":1}\n\n`);
    await env.clock.advance(1);
    expect(env.clock.pending).toBe(0);
  });
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deferred } from '../base/deferred.ts';
import { Fault } from '../base/fault.ts';
import { functions } from '../functions/define.ts';
import { defineApp } from '../plugin/define-app.ts';
import type { Plugin } from '../plugin/plugin.ts';
import { defineSchema } from '../schema/define-schema.ts';
import { entity } from '../schema/entity.ts';
import { field } from '../schema/field.ts';
import { policy } from '../schema/policy-spec.ts';
import { v } from '../schema/validator.ts';
import { TempDatabase } from '../testing/temp-database.ts';
import { createServer, type Server } from './create-server.ts';

const schema = defineSchema({
  entities: [entity('Note', { title: field.string() })],
  policies: [policy({ entity: 'Note', allowRead: 'true', allowInsert: 'true' })],
});
const { mutation, action, query, httpRoute } = functions(schema);

let runs = 0;
const dripped = deferred<void>();
const notes = {
  add: mutation({
    args: { title: v.string() },
    auth: 'public',
    handler: async (ctx, { title }) => {
      runs++;
      return { id: await ctx.db.insert('Note', { title }) };
    },
  }),
  count: query({
    args: {},
    auth: 'public',
    handler: async (ctx) => (await ctx.db.query('Note').take(100)).length,
  }),
  send: action({ args: {}, auth: 'public', handler: () => ++runs }),
  drip: action({
    args: {},
    auth: 'public',
    async handler(ctx): Promise<null> {
      ctx.signal.addEventListener('abort', () => dripped.resolve(), { once: true });
      for (;;) await ctx.stream.write('x'.repeat(1000));
    },
  }),
  nothing: action({ args: {}, auth: 'public', handler: () => undefined }),
};
const http = [
  httpRoute({
    method: 'POST',
    path: '/hooks/:provider',
    auth: 'public',
    async handler(ctx, request) {
      await ctx.runMutation(notes.add, { title: `${ctx.param('provider')} ${await request.text()}` });
      return Response.json(
        { from: ctx.address, notes: await ctx.runQuery(notes.count, {}) },
        { status: 202 },
      );
    },
  }),
  httpRoute({
    method: 'GET',
    path: '/fault',
    auth: 'public',
    handler: () => {
      throw new Fault('conflict', 'not now', { why: 'busy' });
    },
  }),
  httpRoute({
    method: 'GET',
    path: '/bug',
    auth: 'public',
    handler: () => {
      throw new Error('the password is hunter2');
    },
  }),
  httpRoute({ method: 'GET', path: '/slow', auth: 'public', handler: () => new Promise(() => {}) }),
];

let database: TempDatabase;
let server: Server;
const settings = { port: 0, logLevel: 'silent', signals: false } as const;

beforeAll(async () => {
  database = new TempDatabase();
  server = await createServer(defineApp({ schema, functions: { notes }, http }), {
    ...settings,
    database: database.path,
    functions: { actionMs: 50 },
    limits: { textBytes: 200, jsonDepth: 4 },
  });
});
afterAll(async () => {
  await server.close();
  database.remove();
});

async function send(path: string, body?: string, headers: Record<string, string> = {}, method = 'POST') {
  const init = body === undefined ? { method, headers } : { method, headers, body };
  const response = await fetch(server.url + path, init);
  return { status: response.status, body: await response.json() };
}

describe('POST /api/fn/<name>', () => {
  test('answers with the value, and with the transaction when it wrote', async () => {
    expect(await send('/api/fn/notes.add', '{"title":"x"}')).toEqual({
      status: 200,
      body: { value: { id: expect.any(String) }, seq: 1 },
    });
    expect((await send('/api/fn/notes.count')).body).toEqual({ value: 1 });
    expect((await send('/api/fn/notes.nothing', '{}')).body).toEqual({});
  });

  test('[L3] the same Idempotency-Key runs once', async () => {
    for (const [name, body] of [
      ['notes.add', '{"title":"once"}'],
      ['notes.send', '{}'],
    ] as const) {
      const before = runs;
      const twice = [1, 2].map(() => send(`/api/fn/${name}`, body, { 'Idempotency-Key': `key of ${name}` }));
      const [a, b] = await Promise.all(twice);
      expect(a).toEqual(b);
      expect(runs).toBe(before + 1);
    }
    const other = await send('/api/fn/notes.add', '{"title":"b"}', { 'Idempotency-Key': 'key of notes.add' });
    expect([other.status, other.body.error.code]).toEqual([409, 'conflict']);
  });

  test.each([
    ['/api/fn/notes.add', '{', 400, 'bad_message'],
    ['/api/fn/notes.add', '{"title":"a","title":"b"}', 400, 'bad_message'],
    ['/api/fn/notes.add', '{"title":"a","__proto__":{}}', 400, 'bad_message'],
    ['/api/fn/notes.add', '[[[[[]]]]]', 400, 'bad_message'],
    ['/api/fn/notes.add', `{"title":"${'x'.repeat(200)}"}`, 413, 'too_large'],
    ['/api/fn/notes.add', '7', 400, 'invalid'],
    ['/api/fn/notes', '{}', 404, 'not_found'],
    ['/api/fn/', '{}', 404, 'not_found'],
    ['/api/fn/notes%2Eadd%00', '{}', 404, 'not_found'],
  ])('[N1] %s with %s is refused', async (path, body, status, code) => {
    const answer = await send(path, body);
    expect([answer.status, answer.body.error.code]).toEqual([status, code]);
  });

  test('[N1] an op id over 64 characters is refused', async () => {
    const at = (length: number) =>
      send('/api/fn/notes.count', '{}', { 'Idempotency-Key': 'k'.repeat(length) });
    expect([(await at(64)).status, (await at(65)).status]).toEqual([200, 400]);
  });

  test('nothing but POST', async () => {
    expect((await send('/api/fn/notes.count', undefined, {}, 'GET')).status).toBe(404);
  });
});

test('[N2] a drain waits for actions under way', async () => {
  const files = new TempDatabase();
  const begun = deferred<void>();
  const go = deferred<string>();
  const wait = action({
    args: {},
    auth: 'public',
    handler: () => {
      begun.resolve();
      return go.promise;
    },
  });
  const app = defineApp({ schema, functions: { wait } });
  const other = await createServer(app, { ...settings, database: files.path });
  const answer = fetch(`${other.url}/api/fn/wait`, { method: 'POST' });
  await begun.promise;
  const closed = other.close();
  go.resolve('done');
  expect(await (await answer).json()).toEqual({ value: 'done' });
  await closed;
  files.remove();
});

describe('routes of the app', () => {
  test('run as actions', async () => {
    const { status, body } = await send('/hooks/shop', 'paid');
    expect([status, body.from]).toEqual([202, expect.stringContaining('127.0.0.1')]);
    expect(body.notes).toBeGreaterThan(0);
  });

  test('[N1] their errors have the one form', async () => {
    const get = (path: string) => send(path, undefined, {}, 'GET');
    expect(await get('/fault')).toEqual({
      status: 409,
      body: { error: { code: 'conflict', message: 'not now', data: { why: 'busy' } } },
    });
    expect(await get('/bug')).toEqual({
      status: 500,
      body: { error: { code: 'internal', message: 'internal error' } },
    });
    expect((await get('/slow')).body.error.code).toBe('timeout');
  });

  const route = (method: 'GET' | 'POST', path: string, auth = 'public') =>
    httpRoute({ method, path, auth, handler: () => new Response() });
  const plugin: Plugin = {
    name: 'p',
    create: () => ({ routes: [{ method: 'GET', path: '/api/p/:id', handle: () => new Response() }] }),
  };

  test.each([
    [[route('GET', '/a'), route('GET', '/a')], 'two routes for GET /a'],
    [[route('GET', '/a/:x'), route('GET', '/a/:y')], 'two routes for GET /a/:y'],
    [[route('POST', '/api/fn/:fn')], 'two routes for POST /api/fn/:fn'],
    [[route('GET', '/api/p/:x')], 'two routes for GET /api/p/:x'],
    [[route('GET', '/health')], 'two routes for GET /health'],
    [[route('GET', 'a')], 'begins with "/"'],
    [[route('GET', '/a', 'input.x == 1')], 'auth of GET /a: unknown argument input.x at column 1'],
  ])('that cannot be stop the start: %#', async (routes, message) => {
    const files = new TempDatabase();
    const app = defineApp({ schema, plugins: [plugin], http: routes });
    await expect(createServer(app, { ...settings, database: files.path })).rejects.toThrow(message);
    files.remove();
  });
});

test('a reader of server-sent events that leaves ends the action', async () => {
  const caller = new AbortController();
  const response = await fetch(`${server.url}/api/fn/notes.drip`, {
    method: 'POST',
    headers: { Accept: 'text/event-stream' },
    signal: caller.signal,
  });
  expect(response.headers.get('Content-Type')).toBe('text/event-stream');
  const { value } = await response.body!.getReader().read();
  expect(new TextDecoder().decode(value)).toMatch(/^event: chunk\ndata: "xxx/);
  caller.abort();
  await dripped.promise;
});

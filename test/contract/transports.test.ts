/** One scenario over WebSocket, server-sent events and polling, with real requests: equal results. [S9] */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { silentLog } from '../../src/base/env.ts';
import { browserEnv } from '../../src/client/browser-env.ts';
import { fetchSession } from '../../src/client/guest-session.ts';
import type { Fetch } from '../../src/client/http-post.ts';
import { MemoryPersistence } from '../../src/client/memory-persistence.ts';
import { pollConnect } from '../../src/client/poll-transport.ts';
import { sseConnect } from '../../src/client/sse-transport.ts';
import { createWriteThroughStorage } from '../../src/client/storage.ts';
import { SyncEngine } from '../../src/client/sync-engine.ts';
import type { Connect } from '../../src/client/transport.ts';
import { webSocketConnect } from '../../src/client/web-socket-transport.ts';
import { offerSubprotocols } from '../../src/protocol/handshake.ts';
import { createServer, type Server } from '../../src/server/create-server.ts';
import { TempDatabase } from '../../src/testing/temp-database.ts';
import { api, type EchoApp, echoApp } from './echo-app.ts';

const env = browserEnv(silentLog);
const database = new TempDatabase();
let server: Server;
const engines: SyncEngine<EchoApp>[] = [];

beforeAll(async () => {
  const config = { database: database.path, port: 0, signals: false, logLevel: 'silent' } as const;
  server = await createServer(echoApp(), config);
});
afterAll(async () => {
  await server.close();
  database.remove();
});
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.close();
});

const TRANSPORTS: Record<string, (fetch?: Fetch) => Connect> = {
  websocket: () => webSocketConnect(`${server.url.replace('http', 'ws')}/ws`),
  sse: (fetch = globalThis.fetch) => sseConnect({ env, url: server.url, fetch }),
  poll: (fetch = globalThis.fetch) => pollConnect({ env, url: server.url, fetch, intervalMs: 500 }),
};

async function open(connect: Connect, token: string | null = 'ann') {
  const engine = new SyncEngine<EchoApp>(
    {
      env,
      connect,
      persistence: new MemoryPersistence(),
      storage: createWriteThroughStorage(),
      fetchSession: (presented) => fetchSession(server.url, presented),
    },
    { token, reconnectDelay: 20 },
  );
  engines.push(engine);
  await engine.start();
  await engine.synced();
  return engine;
}

async function until(done: () => boolean): Promise<void> {
  for (const end = Date.now() + 10_000; !done(); ) {
    if (Date.now() > end) throw new Error('not reached');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const titles = (engine: SyncEngine<EchoApp>, run: string) =>
  engine.store
    .list('Note')
    .filter((note) => note.title.startsWith(run))
    .map((note) => note.title)
    .sort();

/** Sends bytes through a channel and returns what comes back. */
function echo(engine: SyncEngine<EchoApp>, bytes: Uint8Array): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const channel = engine.channels.open('echo', null, {
      opened: () => channel.send(bytes),
      frame: (payload) => resolve(payload.slice()),
      lost: () => {},
      closed: reject,
    });
  });
}

let runs = 0;

describe.each(Object.keys(TRANSPORTS))('over %s', (name) => {
  const connect = (fetch?: Fetch) => TRANSPORTS[name]!(fetch);

  test('[S9] calls, rows, channels, streams and identities come to the same', async () => {
    const run = `run${++runs} `;
    const ann = await open(connect());
    const bob = await open(connect(), 'bob');
    const id = ann.insert('Note', { title: `${run}by insert`, ownerId: 'ann', open: true });
    ann.insert('Note', { title: `${run}hidden`, ownerId: 'ann', open: false });
    const { value } = await ann.call(api.notes.add, { title: `${run}by call` });
    expect(value).toBe('added');
    await until(() => titles(bob, run).length === 2);
    expect(titles(bob, run)).toEqual([`${run}by call`, `${run}by insert`]);
    expect(titles(ann, run)).toEqual([`${run}by call`, `${run}by insert`, `${run}hidden`]);
    ann.delete('Note', id);
    await until(() => titles(bob, run).length === 1);
    bob.insert('Note', { title: `${run}not his`, ownerId: 'ann', open: true });
    await until(() => bob.mutations.failed().length === 1);
    expect(bob.mutations.failed()[0]?.error?.code).toBe('forbidden');
    await expect(ann.query(api.notes.fails, {})).rejects.toMatchObject({ code: 'conflict', data: { n: 1 } });
    const chunks: unknown[] = [];
    const counted = ann.call(api.notes.count, { to: 50 }, { onChunk: (chunk) => chunks.push(chunk) });
    expect(await counted).toBe(50);
    expect(chunks).toEqual(Array.from({ length: 50 }, (_, i) => i));
    const bytes = Uint8Array.from({ length: 70_000 }, (_, i) => i % 251);
    expect(await echo(ann, bytes)).toEqual(bytes);
    ann.setToken('bob');
    await until(() => ann.session?.userId === 'bob' && ann.store.knowledge === 'complete');
    expect(titles(ann, run)).toEqual([`${run}by call`]);
  });

  test('[S9] a large copy, and a message as large as the limit allows', async () => {
    const run = `run${++runs} `;
    const ann = await open(connect());
    await ann.call(api.notes.many, { run, count: 3000 });
    expect(titles(ann, run)).toHaveLength(3000);
    const fresh = await open(connect());
    expect(titles(fresh, run)).toEqual(titles(ann, run));
    const quotes = '"'.repeat(500_000);
    expect(await ann.query(api.notes.length, { text: quotes })).toBe(500_000);
  });
});

/** Loses answers after the server has given them, sends requests twice, and cuts streams. */
function faulty(every: number): { fetch: Fetch; lost: () => number } {
  let requests = 0;
  let lost = 0;
  const fetch: Fetch = async (url, init) => {
    const response = await globalThis.fetch(url, init);
    const turn = ++requests % every;
    if (turn === 0) {
      lost++;
      if (!url.endsWith('/events')) await response.text();
      else await response.body?.cancel();
      throw new TypeError('the answer was lost');
    }
    if (turn === 1 && url.endsWith('/push')) return globalThis.fetch(url, init);
    if (!url.endsWith('/events') || !response.body) return response;
    return new Response(response.body.pipeThrough(cut(12_000)), { headers: response.headers });
  };
  return { fetch, lost: () => lost };
}

/** Breaks off in the middle of an event. */
function cut(afterBytes: number): TransformStream<Uint8Array, Uint8Array> {
  let left = afterBytes;
  return new TransformStream({
    transform(chunk, controller) {
      if (chunk.length < left) {
        left -= chunk.length;
        return controller.enqueue(chunk);
      }
      controller.enqueue(chunk.slice(0, left));
      controller.error(new TypeError('cut'));
    },
  });
}

describe.each(['sse', 'poll'])('over %s with trouble', (name) => {
  test('a refused token is told by the close code of a socket', async () => {
    const closes: number[] = [];
    const events = { open: () => {}, message: () => {}, close: (code: number) => closes.push(code) };
    TRANSPORTS[name]!()(offerSubprotocols('bad'), events);
    await until(() => closes.length === 1);
    expect(closes).toEqual([4401]);
  });

  test('[S9] [L3] lost answers, doubled requests and cut streams change nothing', async () => {
    const run = `run${++runs} `;
    const { fetch, lost } = faulty(4);
    const ann = await open(TRANSPORTS[name]!(fetch), 'cid');
    const watcher = await open(TRANSPORTS.websocket!(), 'cid');
    const wanted: string[] = [];
    for (let i = 0; i < 40; i++) {
      const title = `${run}${String(i).padStart(2, '0')}`;
      wanted.push(title);
      if (i % 2 === 0) ann.insert('Note', { title, ownerId: 'cid', open: true });
      else await ann.call(api.notes.add, { title });
    }
    await until(() => ann.mutations.pending().length === 0 && titles(watcher, run).length === 40);
    await until(() => titles(ann, run).length === 40);
    expect(titles(watcher, run)).toEqual(wanted);
    expect(titles(ann, run)).toEqual(wanted);
    expect(ann.mutations.failed()).toEqual([]);
    expect(lost()).toBeGreaterThan(0);
  });
});

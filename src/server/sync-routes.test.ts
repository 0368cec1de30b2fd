import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { defineApp } from '../plugin/define-app.ts';
import type { Plugin } from '../plugin/plugin.ts';
import { ANONYMOUS } from '../policy/viewer.ts';
import { PROTOCOL } from '../protocol/version.ts';
import { defineSchema } from '../schema/define-schema.ts';
import { entity } from '../schema/entity.ts';
import { field } from '../schema/field.ts';
import { policy } from '../schema/policy-spec.ts';
import { TempDatabase } from '../testing/temp-database.ts';
import { createServer, type Server } from './create-server.ts';
import { httpApp } from './http-app.ts';

const schema = defineSchema({
  entities: [
    entity('Note', { title: field.string(), ownerId: field.string() }),
    entity('Tag', { name: field.string() }),
    entity('Query', { name: field.string() }, { sync: 'none' }),
  ],
  policies: [
    policy({ entity: 'Note', allowRead: 'auth.userId == data.ownerId', allowInsert: 'true' }),
    policy({ entity: 'Tag', allowRead: 'true' }),
  ],
});
const names: Plugin = {
  name: 'names',
  create: () => ({
    authenticator: {
      authenticate: async (token) =>
        token === null ? ANONYMOUS : { userId: token, kind: 'user', roles: [], name: null },
    },
  }),
};

const database = new TempDatabase();
let server: Server;
beforeAll(async () => {
  server = await createServer(defineApp({ schema, functions: {}, plugins: [names] }), {
    port: 0,
    database: database.path,
    logLevel: 'silent',
    signals: false,
    origins: ['https://friend.example'],
    limits: { textBytes: 2000, binaryBytes: 1000 },
    httpSync: { sessions: 3, idleMs: 300, longPollMs: 100, copyRows: 2 },
  });
});
afterAll(async () => {
  await server.close();
  database.remove();
});

const JSON_TYPE = { 'content-type': 'application/json' };
async function post(path: string, body: unknown, headers: Record<string, string> = {}) {
  const init = { method: 'POST', body: JSON.stringify(body), headers: { ...JSON_TYPE, ...headers } };
  const response = await fetch(`${server.url}/api/sync/${path}`, init);
  return { status: response.status, body: await response.json() };
}
async function get(query: string, user = 'ann') {
  const headers = { authorization: `Bearer ${user}` };
  const response = await fetch(`${server.url}/api/sync/pull?${query}`, { headers });
  return { status: response.status, body: await response.json() };
}
const as = (user: string) => ({ authorization: `Bearer ${user}` });
const hello = JSON.stringify({ t: 'hello', protocol: PROTOCOL, client: 'c', schema: '', cursor: null });
async function begin(user = 'ann'): Promise<string> {
  return (await post('pull', { ack: 0, wait_ms: 0 }, as(user))).body.key;
}
const end = (key: string, n: number, user = 'ann') =>
  post('push', { key, n, frames: [], close: true }, as(user));
const put = (id: string, ownerId: string) =>
  server.host.store.write(({ tx }) => tx.insert('Note', { id, title: id, ownerId }));

describe('a session', () => {
  test('[S9] a lost answer is sent again, a repeated request is taken once, a gap is refused', async () => {
    const key = await begin();
    const first = await post('push', { key, n: 1, frames: [hello] }, as('ann'));
    expect(first.body).toEqual({ n: 1 });
    expect((await post('push', { key, n: 1, frames: [hello] }, as('ann'))).status).toBe(200);
    const pull = { key, ack: 0, wait_ms: 100 };
    const heard = (await post('pull', pull, as('ann'))).body;
    expect(JSON.parse(heard.frames[0]).t).toBe('welcome');
    const again = (await post('pull', pull, as('ann'))).body;
    expect(again.frames.slice(0, heard.frames.length)).toEqual(heard.frames);
    const rest = (await post('pull', { ...pull, ack: again.to }, as('ann'))).body;
    expect(rest.frames).toEqual([]);
    expect((await post('pull', { ...pull, ack: again.to + 1 }, as('ann'))).body.error.code).toBe(
      'bad_message',
    );
    expect((await post('push', { key, n: 3, frames: [] }, as('ann'))).body.error.code).toBe('bad_message');
    await end(key, 2);
    expect((await post('pull', pull, as('ann'))).body.error.code).toBe('not_found');
  });

  test('[P5] is good with its own token alone', async () => {
    const key = await begin();
    for (const headers of [as('bob'), {}]) {
      const { status, body } = await post('pull', { key, ack: 0, wait_ms: 0 }, headers);
      expect([status, body.error.code]).toEqual([404, 'not_found']);
      expect((await post('push', { key, n: 1, frames: [hello] }, headers)).status).toBe(404);
    }
    await end(key, 1);
  });

  test('[N3] there are as many as the limit says, and idle ones end', async () => {
    for (let i = 0; i < 3; i++) await begin();
    const { status, body } = await post('pull', { ack: 0, wait_ms: 0 }, as('ann'));
    expect([status, body.error.code]).toEqual([503, 'overloaded']);
    await new Promise((resolve) => setTimeout(resolve, 500));
    await end(await begin(), 1);
  });

  test('[P6] pages of other origins, and forms, are refused', async () => {
    const ask = { ack: 0, wait_ms: 0 };
    const foreign = await post('pull', ask, { origin: 'https://evil.example' });
    expect([foreign.status, foreign.body.error.code]).toEqual([403, 'forbidden']);
    const friend = await post('pull', ask, { origin: 'https://friend.example' });
    expect(friend.status).toBe(200);
    await fetch(`${server.url}/api/sync/push`, {
      method: 'POST',
      headers: JSON_TYPE,
      body: JSON.stringify({ key: friend.body.key, n: 1, frames: [], close: true }),
    });
    for (const path of ['pull', 'push', 'events']) {
      const { status, body } = await post(path, ask, { 'content-type': 'text/plain' });
      expect([status, body.error.code]).toEqual([400, 'invalid']);
    }
  });

  test('[N1] [N3] what is malformed or too large gets a typed fault', async () => {
    const key = await begin();
    for (const body of [
      { key, n: 0, frames: [] },
      { key, n: 1, frames: [7] },
      { key, n: 1, frames: [{}] },
    ])
      expect((await post('push', body, as('ann'))).body.error.code).toBe('bad_message');
    const bin = { key, n: 1, frames: [{ bin: '???' }] };
    expect((await post('push', bin, as('ann'))).body.error.code).toBe('invalid');
    // A frame over its limit ends the session, as on a socket.
    await post('push', { key, n: 1, frames: [`"${'x'.repeat(2000)}"`] }, as('ann'));
    const { close, frames } = (await post('pull', { key, ack: 0, wait_ms: 0 }, as('ann'))).body;
    expect(close).toEqual({ code: 4413, reason: 'too_large' });
    expect(JSON.parse(frames[0]).code).toBe('too_large');
    await end(key, 2);
  });
});

describe('pull without a session', () => {
  test('[S6] [P3] pages of a copy, and what came after it, are what the viewer may see', async () => {
    for (const id of ['a1', 'a2', 'a3', 'a4', 'a5']) await put(id, 'ann');
    await put('b1', 'bob');
    const ids: string[] = [];
    const first = (await get('entities=Note')).body;
    expect(first.session.userId).toBe('ann');
    expect(first.copy.whole).toBe(false);
    for (let copy = first.copy; ; ) {
      ids.push(...copy.rows.map((row: { row_id: string }) => row.row_id));
      expect(copy.rows.length).toBeLessThanOrEqual(2);
      if (copy.next === null) break;
      copy = (await get(`entities=Note&after=${encodeURIComponent(copy.next)}`)).body.copy;
    }
    expect(ids).toEqual(['a1', 'a2', 'a3', 'a4', 'a5']);
    await put('a6', 'ann');
    await put('b2', 'bob');
    const { epoch, seq } = first.copy.cursor;
    const { body } = await get(`epoch=${epoch}&seq=${seq}`);
    expect(body).toMatchObject({ from: seq, to: seq + 2, more: false });
    expect(body.ops.map((op: { row_id: string }) => op.row_id)).toEqual(['a6']);
    expect((await get('')).body.copy.whole).toBe(true);
  });

  test('[S8] cursors of another history or another viewer are stale', async () => {
    const { epoch, seq } = (await get('')).body.copy.cursor;
    for (const [query, user] of [
      [`epoch=other&seq=${seq}`, 'ann'],
      [`epoch=${epoch}&seq=${seq + 100}`, 'ann'],
      [`epoch=${epoch}&seq=${seq}`, 'bob'],
    ] as const) {
      const { status, body } = await get(query, user);
      expect([status, body.error.code]).toEqual([410, 'stale_cursor']);
    }
  });

  test('what is no entity of a replica, no place and no parameter is refused', async () => {
    expect((await get('entities=Nothing')).body.error.code).toBe('not_found');
    expect((await get('entities=Query')).body.error.code).toBe('not_found');
    expect((await get('entities=Note&after=Tag:x')).body.error.code).toBe('invalid');
    expect((await get('epoch=e&seq=x')).body.error.code).toBe('invalid');
    expect((await get('entity=Note')).body.error.code).toBe('invalid');
  });
});

test('[L3] a push without a session writes each op once', async () => {
  const op = {
    op_id: 'o1',
    entity: 'Note',
    row_id: 'p1',
    kind: 'insert',
    data: { title: 'x', ownerId: 'ann' },
  };
  const { body } = await post('push', { ops: [op] }, as('ann'));
  expect(body.outcomes).toMatchObject([{ op_id: 'o1', ok: true }]);
  expect((await post('push', { ops: [op] }, as('ann'))).body).toEqual(body);
  const many = Array.from({ length: 257 }, () => ({ ...op, data: {} }));
  expect((await post('push', { ops: many }, as('ann'))).body.error.code).toBe('too_large');
});

test('[N3] a body of frames may be larger than others, and has its own limit', async () => {
  const limits = { maxBodyBytes: 10, maxPushBytes: 100, origins: [] };
  const app = httpApp(server.host, limits);
  const sized = async (path: string, bytes: number) => {
    const init = { method: 'POST', headers: { 'content-length': String(bytes) }, body: 'x'.repeat(bytes) };
    return (await app.request(path, init)).status;
  };
  expect(await sized('/api/sync/push', 101)).toBe(413);
  expect(await sized('/api/sync/push', 100)).not.toBe(413);
  expect(await sized('/api/sync/pull', 11)).toBe(413);
});

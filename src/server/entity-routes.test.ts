import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { defineApp } from '../plugin/define-app.ts';
import { defineSchema } from '../schema/define-schema.ts';
import { entity } from '../schema/entity.ts';
import { field } from '../schema/field.ts';
import { policy } from '../schema/policy-spec.ts';
import { MAX_PAGE_ROWS } from '../schema/validator.ts';
import { TempDatabase } from '../testing/temp-database.ts';
import { createServer, type Server } from './create-server.ts';
import { DEFAULT_PAGE_ROWS } from './entity-routes.ts';

const schema = defineSchema({
  entities: [entity('Note', { title: field.string(20), n: field.int() })],
  policies: [
    policy({
      entity: 'Note',
      allowRead: 'data.n >= 0',
      allowInsert: 'true',
      allowUpdate: 'true',
      allowDelete: 'true',
    }),
  ],
});

let database: TempDatabase;
let server: Server;

beforeAll(async () => {
  database = new TempDatabase();
  const app = defineApp({ schema, plugins: [] });
  server = await createServer(app, { port: 0, database: database.path, logLevel: 'silent', signals: false });
});
afterAll(async () => {
  await server.close();
  database.remove();
});
beforeEach(() =>
  server.host.store.write(async ({ tx }) => {
    for (const { id } of await tx.select({ entity: 'Note' })) await tx.delete('Note', String(id));
    for (let n = -1; n < 5; n++) await tx.insert('Note', { id: `n${n}`, title: n % 2 ? 'odd' : 'even', n });
  }),
);

async function send(path: string, init: RequestInit = {}) {
  const response = await fetch(`${server.url}/api/entities/${path}`, init);
  const body = await response.json();
  return { status: response.status, body, code: body.error?.code };
}
const list = (params: Record<string, string>) => send(`Note?${new URLSearchParams(params)}`);
const ids = (body: { rows: { id: string }[] }) => body.rows.map(({ id }) => id);

describe('reading', () => {
  test('conditions, order, and pages that put together are the whole', async () => {
    const filter = JSON.stringify({ op: 'lt', field: 'n', value: 4 });
    const asked = { where: '{"title":"even"}', filter, order: 'title,n:desc' };
    expect(ids((await list(asked)).body)).toEqual(['n2', 'n0']);
    const pages: string[] = [];
    let cursor: string | null = null;
    do {
      const { body } = await list({ order: 'n:desc', size: '2', ...(cursor && { cursor }) });
      pages.push(...ids(body));
      expect(body.done).toBe(body.cursor === null);
      cursor = body.cursor;
    } while (cursor);
    expect(pages).toEqual(['n4', 'n3', 'n2', 'n1', 'n0']);
  });

  test('one row', async () => {
    expect((await send('Note/n1')).body).toEqual({ row: { id: 'n1', title: 'odd', n: 1 } });
    expect((await send('Note/n-1')).code).toBe('not_found');
  });

  test('[N3] a page is bounded, also when nobody says how long it is', async () => {
    await server.host.store.write(async ({ tx }) => {
      for (let n = 5; n < DEFAULT_PAGE_ROWS + 1; n++) await tx.insert('Note', { id: `n${n}`, title: '', n });
    });
    expect((await list({})).body.rows).toHaveLength(DEFAULT_PAGE_ROWS);
    expect((await list({ size: String(MAX_PAGE_ROWS) })).body.rows).toHaveLength(DEFAULT_PAGE_ROWS + 1);
    for (const size of ['0', String(MAX_PAGE_ROWS + 1), '1.5', 'x', ''])
      expect((await list({ size })).code, size).toBe('invalid');
  });

  test.each([
    [{ were: '{}' }, 'invalid'],
    [{ where: '{' }, 'bad_message'],
    [{ where: '[]' }, 'invalid'],
    [{ where: '{"x":1}' }, 'invalid'],
    [{ filter: '{"op":"like","field":"title","value":"o"}' }, 'invalid'],
    [{ filter: '{"op":"eq","field":"x","value":1}' }, 'invalid'],
    [{ order: 'x' }, 'invalid'],
    [{ order: 'n:down' }, 'invalid'],
    [{ cursor: 'x' }, 'invalid'],
  ])('[N1] %j is refused', async (params, code) => {
    expect((await list(params)).code).toBe(code);
  });
});

describe('writing', () => {
  const post = (body: string, headers: Record<string, string> = {}) =>
    send('Note', { method: 'POST', body, headers });

  test('insert, update, delete', async () => {
    const { status, body } = await post('{"title":"new","n":9}');
    expect([status, typeof body.id, typeof body.seq]).toEqual([201, 'string', 'number']);
    const patched = await send(`Note/${body.id}`, { method: 'PATCH', body: '{"title":"newer"}' });
    expect(patched).toMatchObject({ status: 200, body: { seq: body.seq + 1 } });
    expect((await send(`Note/${body.id}`)).body.row.title).toBe('newer');
    expect((await send(`Note/${body.id}`, { method: 'DELETE' })).body).toEqual({ seq: body.seq + 2 });
    expect((await send(`Note/${body.id}`)).code).toBe('not_found');
  });

  test('[L3] the same Idempotency-Key writes once, and names the same row', async () => {
    const twice = [1, 2].map(() => post('{"title":"once","n":9}', { 'Idempotency-Key': 'k1' }));
    const [a, b] = await Promise.all(twice);
    expect(a).toEqual(b);
    expect(ids((await list({ where: '{"title":"once"}' })).body)).toEqual([a!.body.id]);
    const other = await post('{"title":"other","n":9}', { 'Idempotency-Key': 'k1' });
    expect([other.status, other.code]).toEqual([409, 'conflict']);
  });

  test.each([
    ['{"title":"x"}', 'invalid'],
    ['{"title":"x","n":1,"m":1}', 'invalid'],
    ['{"id":7,"title":"x","n":1}', 'invalid'],
    ['{"id":"a/b","title":"x","n":1}', 'invalid'],
    ['{"id":"n1","title":"x","n":1}', 'conflict'],
    ['[]', 'invalid'],
    ['{', 'bad_message'],
  ])('[N1] %s is refused and writes nothing', async (body, code) => {
    const before = server.host.store.seq;
    expect((await post(body)).code).toBe(code);
    expect(server.host.store.seq).toBe(before);
  });
});

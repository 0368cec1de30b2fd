/** A page rendered on a server and taken over in the browser, and calls without an engine, with a real server. */
import { renderToString } from 'react-dom/server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSyncEngine, directCalls, getServerData, serializeServerData } from '../../src/client/index.ts';
import { createHooks, TernionProvider } from '../../src/react/index.ts';
import { createServer, type Server } from '../../src/server/create-server.ts';
import { TempDatabase } from '../../src/testing/temp-database.ts';
import { api, type EchoApp, echoApp } from './echo-app.ts';

const { useQuery } = createHooks<EchoApp>();
const database = new TempDatabase();
let server: Server;

beforeAll(async () => {
  const app = echoApp();
  const httpSync = { copyRows: 7 };
  const config = { database: database.path, port: 0, signals: false, logLevel: 'silent', httpSync } as const;
  server = await createServer(app, config);
});
afterAll(async () => {
  await server.close();
  database.remove();
});

function Titles() {
  const { data, complete } = useQuery('Note', { orderBy: [{ field: 'title', direction: 'asc' }] });
  return (
    <p>
      {data?.map(({ title }) => title).join(' ') ?? 'unknown'} {complete ? 'complete' : 'stale'}
    </p>
  );
}

const page = (engine: ReturnType<typeof createSyncEngine<EchoApp>>) => (
  <TernionProvider engine={engine}>
    <Titles />
  </TernionProvider>
);

test('calls without an engine: typed rows, typed faults, writes that are done once', async () => {
  const direct = directCalls<EchoApp>(server.url, { token: 'dan' });
  const data = { title: 'direct', ownerId: 'dan', open: false };
  const id = await direct.insert('Note', data, { idempotencyKey: 'k1' });
  expect(await direct.insert('Note', data, { idempotencyKey: 'k1' })).toBe(id);
  expect((await direct.fetchById('Note', id)).title).toBe('direct');
  const list = await direct.fetchList('Note', { where: { ownerId: 'dan' }, size: 5 });
  expect(list).toMatchObject({ rows: [{ id }], done: true });
  await expect(direct.update('Note', id, { title: 'new' })).rejects.toMatchObject({ code: 'forbidden' });
  expect(await direct.callFn(api.notes.length, { text: 'four' })).toBe(4);
  await expect(direct.callFn(api.notes.fails, {})).rejects.toMatchObject({
    code: 'conflict',
    data: { n: 1 },
  });
  await direct.remove('Note', id);
  await expect(direct.fetchById('Note', id)).rejects.toMatchObject({ code: 'not_found' });
});

test('[S6] [S8] the first paint holds what the identity may see, and the engine goes on from there', async () => {
  const direct = directCalls<EchoApp>(server.url, { token: 'ann' });
  for (let i = 0; i < 20; i++)
    await direct.insert('Note', { title: `n${String(i).padStart(2, '0')}`, ownerId: 'ann', open: false });
  const data = await getServerData(server.url, ['Note'], { token: 'ann' });
  expect(data).toMatchObject({ whole: true, session: { userId: 'ann' } });
  expect((await getServerData(server.url, undefined, { token: 'bob' })).rows).toEqual([]);
  await expect(getServerData(server.url, undefined, { token: 'ann', maxRows: 19 })).rejects.toMatchObject({
    code: 'too_large',
  });
  const onServer = createSyncEngine<EchoApp>(server.url, { token: 'ann' });
  onServer.hydrate(data);
  const html = renderToString(page(onServer));
  expect(html).toContain('n00 n01');

  const engine = createSyncEngine<EchoApp>(server.url, { token: 'ann', transport: 'sse', persist: false });
  engine.hydrate(JSON.parse(serializeServerData(data)));
  expect(renderToString(page(engine))).toBe(html);
  await direct.insert('Note', { title: 'n20', ownerId: 'ann', open: false });
  await engine.start();
  await engine.synced();
  expect(renderToString(page(engine))).toMatch(/n19 n20.*complete/);
  await engine.close();
});

import { afterEach, beforeEach, expect, test } from 'vitest';
import { defineSchema } from '../schema/define-schema.ts';
import { entity } from '../schema/entity.ts';
import { field } from '../schema/field.ts';
import { aroundDriver } from '../testing/around-driver.ts';
import { simEnv } from '../testing/sim-env.ts';
import { TempDatabase } from '../testing/temp-database.ts';
import type { JobContext } from './group-commit.ts';
import { Store, type StoreOptions } from './store.ts';

const schema = defineSchema({ entities: [entity('Note', { title: field.string() })] });

let database: TempDatabase;
let env: ReturnType<typeof simEnv>;
let store: Store;

async function openStore(options: Partial<StoreOptions> = {}): Promise<Store> {
  const opened = new Store(env, { schema, drivers: database.open() }, options);
  await opened.open();
  return opened;
}

const run = <T>(promise: Promise<T>) => env.clock.run(promise);
const insert =
  (id: string, title = 'x') =>
  ({ tx }: JobContext) =>
    tx.insert('Note', { id, title });
const titles = () =>
  store.read((snapshot) => snapshot.select({ entity: 'Note' })).then((rows) => rows.map((r) => r.id));

beforeEach(async () => {
  database = new TempDatabase();
  env = simEnv();
  store = await openStore();
});
afterEach(() => database.remove());

test('[L4] the log keeps its last commits and forgets older ones', async () => {
  store = await openStore({ logCommits: 10 });
  for (let i = 0; i < 12; i++) await run(store.write(insert(`n${i}`)));
  await env.clock.advance(10);
  expect(store.horizon).toBe(2);
  await run(store.trim(100));
  expect([store.horizon, store.seq]).toEqual([12, 12]);
  expect((await run(store.write(insert('after')))).seq).toBe(13);
});

test('[L7] a long log is forgotten in parts, between which others write', async () => {
  for (let i = 0; i < 1200; i++) void store.write(insert(`n${i}`));
  await env.clock.until(() => store.seq === 1200);
  await run(store.close());
  const { reader, writer } = database.open();
  const cuts: unknown[] = [];
  const watched = aroundDriver(writer, (statement, sql, params) => {
    if (sql.startsWith('DELETE FROM _log')) cuts.push(params?.[0]);
    return statement();
  });
  const options = { logCommits: 10 };
  store = new Store(env, { schema, drivers: { reader, writer: watched } }, options);
  await run(store.open());
  const other = run(store.write(insert('other')));
  await env.clock.until(() => store.horizon >= 1190);
  expect(cuts).toEqual([500, 1000, 1190]);
  expect((await other).seq).toBe(1201);
});

test('[L4] the log is bounded by bytes: at a tenth over, oldest transactions go until it fits', async () => {
  await run(store.write(insert('n0')));
  const { bytes } = (
    await store.read((snapshot) => snapshot.all('SELECT octet_length(changes) AS bytes FROM _log'))
  )[0] as { bytes: number };
  await run(store.close());
  store = await openStore({ logBytes: bytes * 10 });
  for (const id of '123456789ab') await run(store.write(insert(`n${id}`)));
  await env.clock.advance(10);
  expect([store.horizon, store.seq]).toEqual([2, 12]);
  await run(store.close());
  store = await openStore({ logBytes: bytes * 10 });
  await run(store.write(insert('nc')));
  await env.clock.advance(10);
  expect(store.horizon).toBe(2); // 11 of them are within the tenth
  await run(store.write(insert('nd')));
  await env.clock.advance(10);
  expect([store.horizon, store.seq]).toEqual([4, 14]);
});

test('[L4] the log is bounded by age, looked at with each commit and at start', async () => {
  store = await openStore({ logAgeMs: 1000 });
  await run(store.write(insert('a')));
  await env.clock.advance(600);
  await run(store.write(insert('b')));
  await env.clock.advance(499);
  await run(store.write(insert('c')));
  await env.clock.advance(0);
  expect(store.horizon).toBe(0);
  await env.clock.advance(2);
  await run(store.write(insert('d')));
  await env.clock.advance(0);
  expect(store.horizon).toBe(1);
  await env.clock.advance(5000);
  await run(store.close());
  store = await openStore({ logAgeMs: 1000 });
  await env.clock.advance(10);
  expect([store.horizon, store.seq]).toEqual([4, 4]);
});

test('[L4] the log ages by the time that passes, wherever the wall clock jumps', async () => {
  store = await openStore({ logAgeMs: 1000 });
  await run(store.write(insert('a')));
  for (const days of [365, -366, 1]) {
    env.clock.jump(days * 24 * 3600 * 1000);
    await run(store.write(insert(`after ${days}`)));
    await env.clock.advance(10);
  }
  expect([store.horizon, store.seq]).toEqual([0, 4]);
  await env.clock.advance(5000);
  await run(store.write(insert('d')));
  await env.clock.advance(10);
  expect(store.horizon).toBe(4);
});

test('[L4] a transaction larger than the whole limit goes as a whole', async () => {
  store = await openStore({ logBytes: 10 });
  await run(
    store.write(async (job) => {
      for (const id of ['a', 'b', 'c']) await insert(id)(job);
    }),
  );
  await env.clock.advance(10);
  expect([store.horizon, store.seq]).toEqual([1, 1]);
  expect(await titles()).toEqual(['a', 'b', 'c']);
});

test('[L4] a job that was rolled back counts for nothing', async () => {
  store = await openStore({ logBytes: 400 });
  const failing = store.write(async (job) => {
    await insert('bad', 'x'.repeat(1000))(job);
    job.atEnd(() => {
      throw new Error('no');
    });
  });
  await run(Promise.allSettled([failing, store.write(insert('a'))]));
  await env.clock.advance(10);
  expect([store.horizon, store.seq]).toEqual([0, 1]);
});

test('[L4] a snapshot that is newer than the news of a trim reads no gap', async () => {
  for (const id of ['a', 'b', 'c']) await run(store.write(insert(id)));
  const { writer } = database.open();
  await writer.run('DELETE FROM _log WHERE seq <= 2');
  await writer.run(`INSERT OR REPLACE INTO _meta (key, value) VALUES ('horizon', '2')`);
  expect(store.horizon).toBe(0);
  await expect(store.read((snapshot) => snapshot.since(1, 10))).rejects.toMatchObject({
    code: 'stale_cursor',
  });
});

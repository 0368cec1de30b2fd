/** What the store does when its database fails it. Full disks and killed processes: test/faults. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Fault } from '../base/fault.ts';
import { defineSchema } from '../schema/define-schema.ts';
import { entity } from '../schema/entity.ts';
import { field } from '../schema/field.ts';
import { aroundDriver } from '../testing/around-driver.ts';
import { simEnv } from '../testing/sim-env.ts';
import { TempDatabase } from '../testing/temp-database.ts';
import { checkIntegrity } from './integrity.ts';
import { type Drivers, Store } from './store.ts';

const schema = defineSchema({
  entities: [entity('Note', { title: field.string() }), entity('Other', { title: field.string() })],
});
const storage = { status: 'rejected', reason: { code: 'storage' } };

let database: TempDatabase;
let env: ReturnType<typeof simEnv>;
let drivers: Drivers;
let store: Store;

async function open(): Promise<void> {
  drivers = database.open();
  store = new Store(env, { schema, drivers });
  await store.open();
}
const run = <T>(promise: Promise<T>) => env.clock.run(promise);
const write = (id: string, title = 'x', name = 'Note') =>
  store.write(({ tx }) => tx.insert(name, { id, title }));
const ids = (name = 'Note') =>
  store.read((snapshot) => snapshot.select({ entity: name })).then((rows) => rows.map(({ id }) => id));

beforeEach(async () => {
  database = new TempDatabase();
  env = simEnv();
  await open();
});
afterEach(async () => {
  await run(store.close());
  database.remove();
});

test('[L8] a database that may not grow: whole groups fail, typed, and go on when it may', async () => {
  await run(write('a'));
  const [{ page_count: pages }] = (await drivers.writer.all('PRAGMA page_count')) as [{ page_count: number }];
  await drivers.writer.all(`PRAGMA max_page_count = ${pages + 2}`);
  const long = 'x'.repeat(60_000);
  const group = [write('b', long), write('c', long), write('d', long)];
  for (const result of await run(Promise.allSettled(group))) expect(result).toMatchObject(storage);
  expect(await ids()).toEqual(['a']);
  expect(store.seq).toBe(1);
  await drivers.writer.all('PRAGMA max_page_count = 100000');
  expect((await run(write('e', long))).seq).toBe(2);
  expect(await ids()).toEqual(['a', 'e']);
});

test('[L8] [L1] a handler that goes on after the database gave the transaction up writes nothing more', async () => {
  const [{ page_count: pages }] = (await drivers.writer.all('PRAGMA page_count')) as [{ page_count: number }];
  await drivers.writer.all(`PRAGMA max_page_count = ${pages + 1}`);
  const stubborn = store.write(async ({ tx }) => {
    await tx.insert('Note', { id: 'long', title: 'x'.repeat(60_000) }).catch(() => {});
    await tx.insert('Other', { id: 'short', title: 'x' }).catch(() => {});
    return 'done';
  });
  expect(await run(Promise.allSettled([stubborn]))).toMatchObject([storage]);
  expect([await ids('Note'), await ids('Other'), store.seq]).toEqual([[], [], 0]);
  await drivers.writer.all('PRAGMA max_page_count = 100000');
  expect((await run(write('after'))).seq).toBe(1);
});

test('[L8] a database that became read-only: writes fail, typed, reads go on', async () => {
  await run(write('a'));
  await drivers.writer.all('PRAGMA query_only = 1');
  expect(await run(Promise.allSettled([write('b')]))).toMatchObject([storage]);
  expect(await ids()).toEqual(['a']);
  await drivers.writer.all('PRAGMA query_only = 0');
  expect((await run(write('c'))).seq).toBe(2);
});

test('[L8] a corrupt page: what lies on it fails, typed; the rest is read and written', async () => {
  for (let i = 0; i < 50; i++) await run(write(`n${i}`, 'x'.repeat(500)));
  await run(write('o', 'x', 'Other'));
  const [root] = await drivers.writer.all(`SELECT rootpage AS n FROM sqlite_schema WHERE name = 'Note'`);
  await run(store.close());
  const file = openSync(database.path, 'r+');
  writeSync(file, Buffer.alloc(4096, 0xa5), 0, 4096, (Number(root!.n) - 1) * 4096);
  closeSync(file);

  await open();
  await expect(ids()).rejects.toMatchObject({ code: 'storage' });
  expect(await run(Promise.allSettled([write('new')]))).toMatchObject([storage]);
  expect(await ids('Other')).toEqual(['o']);
  expect((await run(write('p', 'x', 'Other'))).seq).toBe(52);
  expect(await ids('Other')).toEqual(['o', 'p']);
  const since = await store.read((snapshot) => snapshot.since(0, 100));
  expect(since).toHaveLength(52); // the log has the rows that their table has lost
  expect((await checkIntegrity(drivers.reader)).length).toBeGreaterThan(0);
});

test('[L8] a savepoint that fails after the statement behind it did is a failed write, not a dead process', async () => {
  await run(store.close());
  const { writer, reader } = database.open();
  const failing = aroundDriver(writer, async (go, sql) => {
    if (sql === 'SAVEPOINT job') await new Promise((resolve) => setImmediate(resolve));
    if (sql === 'SAVEPOINT job' || sql.includes('_own')) throw new Fault('storage', 'gone');
    return go();
  });
  store = new Store(env, { schema, drivers: { writer: failing, reader } });
  await run(store.open());
  const own = store.write(({ tx }) => tx.run('DELETE FROM _own'));
  expect(await run(Promise.allSettled([own]))).toMatchObject([storage]);
  expect((await run(write('after'))).seq).toBe(1);
});

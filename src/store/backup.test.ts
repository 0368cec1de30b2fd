import { existsSync, openSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { defineSchema } from '../schema/define-schema.ts';
import { entity } from '../schema/entity.ts';
import { field } from '../schema/field.ts';
import { simEnv } from '../testing/sim-env.ts';
import { TempDatabase } from '../testing/temp-database.ts';
import { backUp, restore } from './backup.ts';
import { checkIntegrity } from './integrity.ts';
import { openSqlite } from './sqlite.ts';
import { Store } from './store.ts';

const schema = defineSchema({
  entities: [
    entity('Note', { n: field.int(), text: field.string() }, { indexes: [{ name: 'n', fields: ['n'] }] }),
  ],
});
let database: TempDatabase;
let env: ReturnType<typeof simEnv>;
let store: Store;
beforeEach(async () => {
  database = new TempDatabase();
  env = simEnv();
  store = new Store(env, { schema, drivers: database.open() });
  await store.open();
});
afterEach(() => database.remove());

const write = (from: number, count: number) =>
  env.clock.run(
    store.write(async ({ tx }) => {
      for (let n = from; n < from + count; n++)
        await tx.insert('Note', { id: `n${n}`, n, text: 'x'.repeat(1000) });
    }),
  );

async function openAt(path: string): Promise<Store> {
  const drivers = {
    writer: openSqlite(path, { synchronous: 'OFF' }),
    reader: openSqlite(path, { synchronous: 'OFF', readOnly: true }),
  };
  const opened = new Store(env, { schema, drivers });
  await opened.open();
  return opened;
}

test('a backup taken under writes is one moment of the database', async () => {
  await write(0, 8000); // more pages than one step copies
  const target = `${database.path}.backup`;
  const taking = backUp(database.path, target);
  for (let i = 0; i < 5; i++) await write(8000 + i * 10, 10);
  await taking;
  const copy = await openAt(target);
  const rows = await copy.read((snapshot) => snapshot.all('SELECT COUNT(*) AS n FROM "Note"'));
  expect((Number(rows[0]?.n) - 8000) / 10).toBe(copy.seq - 1); // all rows of its transactions, and no others
  expect(store.seq).toBe(6);
  await env.clock.run(copy.close());
});

test('[L5] a restored backup has a new epoch, and goes on counting', async () => {
  await write(0, 10);
  const [saved, restored] = [`${database.path}.backup`, `${database.path}.restored`];
  await backUp(database.path, saved);
  await restore(env, saved, restored);
  const copy = await openAt(restored);
  expect(copy.epoch).not.toBe(store.epoch);
  expect([copy.horizon, copy.seq]).toEqual([1, 1]);
  expect(await copy.read((snapshot) => snapshot.get('Note', 'n3'))).toMatchObject({ n: 3 });
  const again = await openAt(saved);
  expect(again.epoch).toBe(store.epoch); // the backup itself is not touched
});

test('nothing is written over, and what fails leaves nothing behind', async () => {
  const target = `${database.path}.backup`;
  writeFileSync(target, 'mine');
  await expect(backUp(database.path, target)).rejects.toMatchObject({ code: 'conflict' });
  await expect(backUp(`${database.path}.none`, `${target}2`)).rejects.toMatchObject({ code: 'storage' });
  await expect(restore(env, target, `${target}2`)).rejects.toMatchObject({ code: 'storage' });
  expect(statSync(target).size).toBe(4);
  for (const path of [`${target}2`, `${target}2.partial`]) expect(existsSync(path)).toBe(false);
});

test('[L8] a damaged file is found out, and no backup is made of it', async () => {
  await write(0, 2000);
  await env.clock.run(store.close());
  const sound = openSqlite(database.path, { synchronous: 'OFF' });
  expect([await checkIntegrity(sound), await checkIntegrity(sound, 'full')]).toEqual([[], []]);
  await sound.close();
  const file = openSync(database.path, 'r+');
  for (let page = 40; page < 60; page++) writeSync(file, Buffer.alloc(4096, 0x5a), 0, 4096, page * 4096);
  const damaged = openSqlite(database.path, { synchronous: 'OFF', readOnly: true });
  expect((await checkIntegrity(damaged)).length).toBeGreaterThan(0);
  await expect(backUp(database.path, `${database.path}.backup`)).rejects.toMatchObject({ code: 'storage' });
  expect(existsSync(`${database.path}.backup`)).toBe(false);
});

import { afterEach, beforeEach, expect, test } from 'vitest';
import { before, goBack, toPages } from '../examples/guides/migrations.ts';
import { describeStep } from '../src/schema/diff.ts';
import { openSqlite } from '../src/store/sqlite.ts';
import { Store } from '../src/store/store.ts';
import { simEnv } from '../src/testing/sim-env.ts';
import { TempDatabase } from '../src/testing/temp-database.ts';

let database: TempDatabase;
beforeEach(() => {
  database = new TempDatabase();
});
afterEach(() => database.remove());

test('the code in the guide does what the guide says', async () => {
  const env = simEnv();
  const store = new Store(env, { schema: before, drivers: database.open() });
  await store.open();
  const row = { id: 'n', title: 'Ada', stars: '4', icon: 'AAEC' };
  await env.clock.run(store.write(({ tx }) => tx.insert('Note', row)));
  await env.clock.run(store.close());
  expect((await toPages(env, database.path)).map(describeStep)).toContain('rename entity Note to Page');
  const driver = openSqlite(database.path, { synchronous: 'OFF' });
  expect(await driver.all('SELECT heading, stars, tags FROM "Page"')).toEqual([
    { heading: 'Ada', stars: 4, tags: '[]' },
  ]);
  await driver.close();
  expect(await goBack(env, `${database.path}.before-pages`, `${database.path}.back`)).toEqual([]);
});

import { afterEach, beforeEach, expect, test } from 'vitest';
import { defineSchema } from '../schema/define-schema.ts';
import { entity } from '../schema/entity.ts';
import { field } from '../schema/field.ts';
import { simEnv } from '../testing/sim-env.ts';
import { TempDatabase } from '../testing/temp-database.ts';
import type { Commit } from './change-log.ts';
import { Store } from './store.ts';

const Note = entity('Note', { title: field.string() });
const schema = defineSchema({ entities: [Note] });
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

const insert = (id: string) => store.write(({ tx }) => tx.insert('Note', { id, title: id }));

test('a survey sees the rows as each transaction leaves them, and its commits are those of onCommit', async () => {
  const surveyed: { commit: Commit; ids: unknown[] }[] = [];
  const committed: Commit[] = [];
  store.surveyWith(async (tx, commit) => {
    const rows = await tx.select({ entity: 'Note' });
    surveyed.push({ commit, ids: rows.map(({ id }) => id) });
  });
  store.onCommit((commits) => committed.push(...commits));
  const failed = store.write(async ({ tx }) => {
    await tx.insert('Note', { id: 'x', title: '' });
    throw new Error('no');
  });
  failed.catch(() => {});
  await env.clock.run(Promise.all([insert('a'), insert('b'), store.write(async () => {}), insert('c')]));
  expect(surveyed.map(({ ids }) => ids)).toEqual([['a'], ['a', 'b'], ['a', 'b', 'c']]);
  expect(committed).toHaveLength(3);
  for (const [i, commit] of committed.entries()) expect(commit).toBe(surveyed[i]!.commit);
});

test('a survey that fails takes its transaction with it, and no other', async () => {
  store.surveyWith(async (_, { changes }) => {
    if (changes[0]!.id === 'b') throw new Error('cannot read');
  });
  const outcomes = env.clock.run(Promise.allSettled([insert('a'), insert('b'), insert('c')]));
  expect((await outcomes).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  const rows = await env.clock.run(store.read((snapshot) => snapshot.select({ entity: 'Note' })));
  expect(rows.map(({ id }) => id)).toEqual(['a', 'c']);
  expect(store.seq).toBe(2);
});

import { afterEach, beforeEach, expect, test } from 'vitest';
import { Access } from '../policy/access.ts';
import { ANONYMOUS, type Viewer } from '../policy/viewer.ts';
import { defineSchema } from '../schema/define-schema.ts';
import { entity } from '../schema/entity.ts';
import { field } from '../schema/field.ts';
import { policy } from '../schema/policy-spec.ts';
import { Store } from '../store/store.ts';
import { simEnv } from '../testing/sim-env.ts';
import { TempDatabase } from '../testing/temp-database.ts';
import { DbReader } from './db-reader.ts';
import { MAX_TAKE } from './row-query.ts';
import type { RowSource } from './row-source.ts';

const Note = entity('Note', { title: field.string(), ownerId: field.id('User'), until: field.datetime() });
const Secret = entity('Secret', { text: field.string() });
const allowRead = 'auth.userId == data.ownerId && now < data.until';
const schema = defineSchema({ entities: [Note, Secret], policies: [policy({ entity: 'Note', allowRead })] });
const ada: Viewer = { userId: 'ada', kind: 'user', roles: [], name: null };

let database: TempDatabase;
let env: ReturnType<typeof simEnv>;
let store: Store;
/** Rows that left the database. */
let read = 0;

beforeEach(async () => {
  database = new TempDatabase();
  env = simEnv();
  store = new Store(env, { schema, drivers: database.open() });
  await store.open();
  read = 0;
  const written = store.write(async ({ tx }) => {
    await tx.insert('Secret', { id: 's', text: '' });
    for (let i = 0; i < 40; i++) {
      const ownerId = i % 10 === 9 ? 'ada' : 'eve';
      const title = `t${String(i).padStart(2, '0')}`;
      await tx.insert('Note', { id: `n${i}`, title, ownerId, until: i < 20 ? 1000 : 2000 });
    }
  });
  await env.clock.run(written);
});
afterEach(() => database.remove());

/** `now` is what the clock says when the policy asks, one after the other. */
function reading<T>(
  work: (db: DbReader<typeof schema>) => Promise<T>,
  viewer = ada,
  now = () => 0,
): Promise<T> {
  const access = new Access(schema, now);
  const done = store.read((snapshot) => {
    const source: RowSource = {
      get: (...args) => snapshot.get(...args),
      async select(...args) {
        const rows = await snapshot.select(...args);
        read += rows.length;
        return rows;
      },
      scan: (...args) => snapshot.scan(...args),
      count: (...args) => snapshot.count(...args),
      related: (...args) => snapshot.related(...args),
    };
    return work(new DbReader<typeof schema>(source, { schema, access, viewer, onElevated: () => {} }));
  });
  return env.clock.run(done);
}
const titles = (rows: readonly { title: string }[]) => rows.map((row) => row.title);

test('[S4] a limit is one of rows that the viewer may see, and no other is read', async () => {
  const found = await reading((db) => db.query('Note').order('title', 'desc').take(3));
  expect(titles(found)).toEqual(['t39', 't29', 't19']);
  expect(read).toBe(3);
  expect(titles(await reading((db) => db.query('Note').take(MAX_TAKE)))).toHaveLength(4);
  expect(await reading((db) => db.query('Note').where({ ownerId: 'eve' }).first())).toBeNull();
});

test('[P1] without a policy, or without a user, nothing is read at all', async () => {
  expect(await reading((db) => db.query('Secret').take(9))).toEqual([]);
  expect(await reading((db) => db.query('Note').take(9), ANONYMOUS)).toEqual([]);
  expect(read).toBe(0);
});

test('one moment decides a whole query', async () => {
  let clock = 0;
  const found = await reading(
    (db) => db.query('Note').order('title').take(2),
    ada,
    () => (clock += 1500),
  );
  expect(titles(found)).toEqual(['t29', 't39']);
  expect(clock).toBe(1500);
});

test('[S4] the decision is not that of SQL: a source that filters nothing shows nothing more', async () => {
  const rows = await reading((db) => db.query('Note').take(40));
  const all = await env.clock.run(store.read((snapshot) => snapshot.select({ entity: 'Note' })));
  const source: RowSource = {
    get: async () => all[0]!,
    select: async () => all,
    scan: async () => ({ rows: all, more: false }),
    count: async () => all.length,
    related: async () => all,
  };
  const access = new Access(schema, () => 0);
  const db = new DbReader<typeof schema>(source, { schema, access, viewer: ada, onElevated: () => {} });
  expect(titles(await db.query('Note').take(40)).sort()).toEqual(titles(rows).sort());
  const { rows: page } = await db.query('Note').paginate({ cursor: null, size: 40 });
  expect(titles(page).sort()).toEqual(titles(rows).sort());
  expect(await db.get('Note', 'n0')).toBeNull();
});

/** `ctx.db` where the policy of one entity looks at the rows of another. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Access } from '../policy/access.ts';
import type { Viewer } from '../policy/viewer.ts';
import { defineSchema } from '../schema/define-schema.ts';
import { entity } from '../schema/entity.ts';
import { field } from '../schema/field.ts';
import { policy } from '../schema/policy-spec.ts';
import { Store } from '../store/store.ts';
import { simEnv } from '../testing/sim-env.ts';
import { TempDatabase } from '../testing/temp-database.ts';
import { DbReader } from './db-reader.ts';
import { DbWriter } from './db-writer.ts';

const Member = entity('Member', {
  roomId: field.id('Room'),
  userId: field.id('User'),
  level: field.int(),
});
const Message = entity('Message', { roomId: field.id('Room'), text: field.string() });
const OWN = 'row.userId == auth.userId';
const from = (scope: 'data' | 'existing') =>
  `exists(Member where row.roomId == ${scope}.roomId && ${OWN} && row.level >= 2)`;
const schema = defineSchema({
  entities: [Member, Message],
  policies: [
    policy({
      entity: 'Message',
      allowRead: `exists(Member where row.roomId == data.roomId && ${OWN})`,
      allowInsert: from('data'),
      allowUpdate: `${from('existing')} && ${from('data')}`,
      allowDelete: from('data'),
    }),
    policy({ entity: 'Member', allowRead: 'true', allowInsert: 'true', allowDelete: 'true' }),
  ],
});
const viewer = (userId: string): Viewer => ({ userId, kind: 'user', roles: [], name: null });

let database: TempDatabase;
let env: ReturnType<typeof simEnv>;
let store: Store;
const access = new Access(schema, () => 0);

beforeEach(async () => {
  database = new TempDatabase();
  env = simEnv();
  store = new Store(env, { schema, drivers: database.open() });
  await store.open();
  await env.clock.run(
    store.write(async ({ tx }) => {
      for (const [roomId, userId, level] of [
        ['a', 'ada', 2],
        ['b', 'ada', 1],
        ['c', 'ada', 2],
        ['a', 'eve', 1],
      ] as const) {
        await tx.insert('Member', { id: `${roomId}-${userId}`, roomId, userId, level });
      }
      for (const roomId of ['a', 'b', 'c', 'd'])
        await tx.insert('Message', { id: roomId, roomId, text: roomId });
    }),
  );
});
afterEach(() => database.remove());

const reading = <T>(user: string, work: (db: DbReader<typeof schema>) => Promise<T>): Promise<T> =>
  env.clock.run(
    store.read((snapshot) =>
      work(
        new DbReader<typeof schema>(snapshot, { access, schema, viewer: viewer(user), onElevated: () => {} }),
      ),
    ),
  );
/** `ok`, or the code that it fails with. */
const writing = (user: string, work: (db: DbWriter<typeof schema>) => Promise<unknown>): Promise<string> => {
  const deps = { access, schema, viewer: viewer(user), newId: () => 'new', onElevated: () => {} };
  const done = store.write(({ tx }) => work(new DbWriter<typeof schema>(tx, deps)));
  return env.clock.run(
    done.then(
      () => 'ok',
      (error) => error.code,
    ),
  );
};

test('[P3] [S4] reading, one by one and in number', async () => {
  for (const [user, ids] of [
    ['ada', ['a', 'b', 'c']],
    ['eve', ['a']],
    ['bob', []],
  ] as const) {
    const many = await reading(user, (db) => db.query('Message').order('text').take(10));
    expect(many.map(({ id }) => id)).toEqual(ids);
    for (const id of ['a', 'b', 'c', 'd']) {
      const row = await reading(user, (db) => db.get('Message', id));
      expect(row?.id ?? null).toBe(ids.find((one) => one === id) ?? null);
    }
  }
  expect((await reading('ada', (db) => db.query('Message').order('text', 'desc').first()))?.id).toBe('c');
});

test('[P3] writing', async () => {
  const insert = (roomId: string) => (db: DbWriter<typeof schema>) =>
    db.insert('Message', { id: `new-${roomId}`, roomId, text: '' });
  const move = (id: string, roomId: string) => (db: DbWriter<typeof schema>) =>
    db.update('Message', id, { roomId });
  const drop = (id: string) => (db: DbWriter<typeof schema>) => db.delete('Message', id);
  const cases: [string, Parameters<typeof writing>[1], string][] = [
    ['ada', insert('a'), 'ok'],
    ['ada', insert('b'), 'forbidden'],
    ['eve', insert('a'), 'forbidden'],
    ['ada', move('a', 'c'), 'ok'],
    ['ada', move('c', 'b'), 'forbidden'],
    ['ada', move('b', 'a'), 'forbidden'],
    ['ada', move('d', 'a'), 'not_found'],
    ['ada', drop('b'), 'forbidden'],
    ['ada', drop('d'), 'not_found'],
    ['ada', drop('c'), 'ok'],
  ];
  for (const [i, [user, work, answer]] of cases.entries())
    expect([i, await writing(user, work)]).toEqual([i, answer]);
});

test('[P4] a transaction sees its own members', async () => {
  const answer = await writing('bob', async (db) => {
    await db.insert('Member', { id: 'd-bob', roomId: 'd', userId: 'bob', level: 2 });
    await db.update('Message', 'd', { text: 'mine' });
    await db.delete('Member', 'd-bob');
    expect(await db.get('Message', 'd')).toBeNull();
  });
  expect(answer).toBe('ok');
});

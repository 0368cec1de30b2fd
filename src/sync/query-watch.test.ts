import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Json } from '../base/json.ts';
import { functions } from '../functions/define.ts';
import { defineSchema } from '../schema/define-schema.ts';
import { entity } from '../schema/entity.ts';
import { field } from '../schema/field.ts';
import { policy } from '../schema/policy-spec.ts';
import { v } from '../schema/validator.ts';
import type { Transaction } from '../store/transaction.ts';
import { aroundDriver } from '../testing/around-driver.ts';
import { SimRandom } from '../testing/sim-random.ts';
import { TempDatabase } from '../testing/temp-database.ts';
import { type Watching, watching } from './testing/watching.ts';

const Room = entity('Room', { name: field.string() });
const Message = entity(
  'Message',
  {
    roomId: field.id('Room'),
    text: field.string(),
    likes: field.int().default(0),
    at: field.int().optional(),
  },
  {
    indexes: [
      { name: 'by_room', fields: ['roomId'] },
      { name: 'by_at', fields: ['at'] },
    ],
  },
);
const Member = entity('Member', { roomId: field.string(), userId: field.string() });
const Secret = entity('Secret', { roomId: field.string(), text: field.string() });
const schema = defineSchema({
  entities: [Room, Message, Member, Secret],
  policies: [
    policy({ entity: 'Room', allowRead: 'true' }),
    policy({ entity: 'Message', allowRead: 'true' }),
    policy({ entity: 'Member', allowRead: 'true' }),
    policy({
      entity: 'Secret',
      allowRead: 'exists(Member where row.roomId == data.roomId && row.userId == auth.userId)',
    }),
  ],
});
const { query, mutation, internal } = functions(schema);

/** Runs of each function since the last look. */
let runs: Record<string, number> = {};
/** What a handler does when it is asked to misbehave. */
let slow: (() => Promise<unknown>) | undefined;
const count = (name: string) => {
  runs[name] = (runs[name] ?? 0) + 1;
};
const open = { auth: 'public' } as const;
const room = { args: { room: v.string() }, auth: 'public' } as const;

const app = {
  list: query({
    ...room,
    handler: (ctx, { room }) => {
      count('list');
      return ctx.db.query('Message').where({ roomId: room }).take(100);
    },
  }),
  newest: query({
    args: { take: v.int() },
    ...open,
    handler: (ctx, { take }) => {
      count('newest');
      return ctx.db.query('Message').withIndex('by_at').order('desc').take(take);
    },
  }),
  oldest: query({
    args: { take: v.int() },
    ...open,
    handler: (ctx, { take }) => {
      count('oldest');
      return ctx.db.query('Message').withIndex('by_at').take(take);
    },
  }),
  page: query({
    args: { cursor: v.nullable(v.string()), size: v.int() },
    ...open,
    handler: (ctx, page) => {
      count('page');
      return ctx.db.query('Message').withIndex('by_at').paginate(page);
    },
  }),
  counted: query({
    ...room,
    handler: (ctx, { room }) => {
      count('counted');
      return ctx.db.query('Message').where({ roomId: room }).count();
    },
  }),
  rooms: query({
    args: {},
    ...open,
    handler: (ctx) => {
      count('rooms');
      return ctx.db.query('Message').where({ likes: 7 }).include({ room: 'roomId' }).take(10);
    },
  }),
  get: query({
    args: { id: v.string() },
    ...open,
    handler: (ctx, { id }) => {
      count('get');
      return ctx.db.get('Message', id);
    },
  }),
  secrets: query({
    ...room,
    handler: (ctx, { room }) => {
      count('secrets');
      return ctx.db.query('Secret').where({ roomId: room }).take(10);
    },
  }),
  secret: query({
    args: { id: v.string() },
    ...open,
    handler: (ctx, { id }) => {
      count('secret');
      return ctx.db.get('Secret', id);
    },
  }),
  me: query({
    args: {},
    ...open,
    handler: (ctx) => {
      count('me');
      return ctx.auth.userId;
    },
  }),
  /** Looks at the identity only when the room is there. */
  turning: query({
    ...room,
    handler: async (ctx, { room }) => {
      count('turning');
      return (await ctx.db.get('Room', room)) ? ctx.auth.userId : 'nobody';
    },
  }),
  fails: query({
    ...room,
    handler: async (ctx, { room }): Promise<string> => {
      if (await ctx.db.get('Room', room)) throw new Error('a bug');
      return 'fine';
    },
  }),
  slow: query({
    args: {},
    ...open,
    handler: async (ctx) => {
      const rooms = await ctx.db.query('Room').take(100);
      await slow?.();
      return rooms.length;
    },
  }),
  long: query({
    ...room,
    handler: async (ctx, { room }) => (await ctx.db.get('Room', room))?.name ?? '',
  }),
  onlyAda: query({ args: {}, auth: "auth.userId == 'ada'", handler: (ctx) => ctx.auth.userId }),
  add: mutation({ ...open, args: {}, handler: () => null }),
  hidden: internal.query({ args: {}, handler: () => null }),
};

let database: TempDatabase;
let on: Watching;
const begin = async (limits: Parameters<typeof watching>[2] = {}) => {
  on = await watching(database, { schema, functions: app }, limits);
};
beforeEach(async () => {
  database = new TempDatabase();
  runs = {};
  slow = undefined;
  await begin();
});
afterEach(() => database.remove());

const settle = () => on.env.clock.advance(1);
const message = (id: string, roomId: string, at: number | null = null, likes = 0) => ({
  id,
  roomId,
  text: `text of ${id}`,
  at,
  likes,
});
const rowOf = (id: string, roomId: string) => {
  const { id: _, ...data } = message(id, roomId);
  return schema.entity('Message').parseInsert(id, data);
};
/** The runs that `act` causes. */
async function runsOf(act: () => Promise<unknown>): Promise<Record<string, number>> {
  await settle();
  runs = {};
  await act();
  await settle();
  return runs;
}
const ids = (value: Json | undefined) => (value as { id: string }[]).map(({ id }) => id);

describe('[Q1] a query runs again when a row that it read is written, and only then', () => {
  test('by equal fields', async () => {
    const ada = on.watcher();
    ada.session.watch(1, 'list', { room: 'a' });
    ada.session.watch(2, 'counted', { room: 'a' });
    expect(await runsOf(() => on.put('Message', message('m1', 'a')))).toEqual({ list: 1, counted: 1 });
    expect(await runsOf(() => on.put('Message', message('m2', 'b')))).toEqual({});
    expect(await runsOf(() => on.put('Room', { id: 'a', name: 'A' }))).toEqual({});
    expect(await runsOf(() => on.update('Message', 'm2', { roomId: 'a' }))).toEqual({ list: 1, counted: 1 });
    expect(ids(ada.values.get(1))).toEqual(['m1', 'm2']);
    expect(await runsOf(() => on.update('Message', 'm1', { roomId: 'b' }))).toEqual({ list: 1, counted: 1 });
    expect(await runsOf(() => on.remove('Message', 'm1'))).toEqual({});
    expect(ids(ada.values.get(1))).toEqual(['m2']);
    expect(ada.values.get(2)).toBe(1);
  });

  test.each([
    ['newest', [0, 1, null], [9, 10], 5],
    ['oldest', [9, 8, 7], [0, null], 2],
  ] as const)('a full page (%s): not by rows behind its last', async (fn, behind, within, last) => {
    await on.put('Message', message('m2', 'a', 2), message('m5', 'a', 5), message('m3', 'a', 3));
    const ada = on.watcher();
    ada.session.watch(1, fn, { take: 1 });
    for (const [i, at] of behind.entries())
      expect(await runsOf(() => on.put('Message', message(`b${i}`, 'a', at)))).toEqual({});
    expect(await runsOf(() => on.update('Message', `m${last}`, { likes: 1 }))).toEqual({ [fn]: 1 });
    for (const [i, at] of within.entries())
      expect(await runsOf(() => on.put('Message', message(`w${i}`, 'a', at)))).toEqual({ [fn]: 1 });
  });

  test('a page that is not full: by all that comes behind it', async () => {
    const ada = on.watcher();
    ada.session.watch(1, 'oldest', { take: 2 });
    expect(await runsOf(() => on.put('Message', message('m1', 'a', 1)))).toEqual({ oldest: 1 });
    expect(await runsOf(() => on.put('Message', message('m2', 'a', 2)))).toEqual({ oldest: 1 });
    expect(await runsOf(() => on.put('Message', message('m3', 'a', 3)))).toEqual({});
    expect(ids(ada.values.get(1))).toEqual(['m1', 'm2']);
    expect(await runsOf(() => on.remove('Message', 'm1'))).toEqual({ oldest: 1 });
    expect(ids(ada.values.get(1))).toEqual(['m2', 'm3']);
  });

  test('take(0) reads nothing', async () => {
    on.watcher().session.watch(1, 'oldest', { take: 0 });
    expect(await runsOf(() => on.put('Message', message('m1', 'a', 1)))).toEqual({});
  });

  test('pages: by the rows of the page, and by the one that shows that there are more', async () => {
    for (const at of [1, 2, 3, 4, 5, 6, 7]) await on.put('Message', message(`m${at}`, 'a', at));
    const ada = on.watcher();
    ada.session.watch(1, 'page', { cursor: null, size: 2 });
    await settle();
    const { cursor } = ada.values.get(1) as { cursor: string };
    ada.session.unsubscribe(1);
    ada.session.watch(2, 'page', { cursor, size: 2 });
    await settle();
    const seen = () => {
      const { rows, done } = ada.values.get(2) as { rows: Json; done: boolean };
      return [...ids(rows), done];
    };
    expect(seen()).toEqual(['m3', 'm4', false]);
    expect(await runsOf(() => on.update('Message', 'm1', { likes: 1 }))).toEqual({});
    expect(await runsOf(() => on.update('Message', 'm6', { likes: 1 }))).toEqual({});
    expect(await runsOf(() => on.update('Message', 'm3', { likes: 1 }))).toEqual({ page: 1 });
    expect(await runsOf(() => on.remove('Message', 'm6'))).toEqual({});
    expect(await runsOf(() => on.remove('Message', 'm7'))).toEqual({});
    expect(await runsOf(() => on.remove('Message', 'm5'))).toEqual({ page: 1 });
    expect(seen()).toEqual(['m3', 'm4', true]);
    expect(await runsOf(() => on.put('Message', message('m8', 'a', 8)))).toEqual({ page: 1 });
    expect(seen()).toEqual(['m3', 'm4', false]);
  });

  test('includes: by what is included', async () => {
    await on.put('Room', { id: 'a', name: 'A' }, { id: 'b', name: 'B' });
    await on.put('Message', message('m1', 'a', 1, 7));
    const ada = on.watcher();
    ada.session.watch(1, 'rooms', {});
    expect(await runsOf(() => on.update('Room', 'b', { name: 'BB' }))).toEqual({});
    expect(await runsOf(() => on.update('Room', 'a', { name: 'AA' }))).toEqual({ rooms: 1 });
    expect(ada.values.get(1)).toMatchObject([{ id: 'm1', room: { name: 'AA' } }]);
  });

  test('one row by its id', async () => {
    const ada = on.watcher();
    ada.session.watch(1, 'get', { id: 'm1' });
    expect(await runsOf(() => on.put('Message', message('m2', 'a')))).toEqual({});
    expect(await runsOf(() => on.put('Message', message('m1', 'a')))).toEqual({ get: 1 });
    expect(await runsOf(() => on.remove('Message', 'm1'))).toEqual({ get: 1 });
    expect(ada.values.get(1)).toBe(null);
  });

  test('[P4] membership: by what the policy looks up for this viewer and this room', async () => {
    await on.put('Secret', { id: 's1', roomId: 'a', text: 'x' });
    const ada = on.watcher('ada');
    ada.session.watch(1, 'secrets', { room: 'a' });
    ada.session.watch(2, 'secret', { id: 's1' });
    await settle();
    expect([ada.values.get(1), ada.values.get(2)]).toEqual([[], null]);
    const member = (id: string, roomId: string, userId: string) => () =>
      on.put('Member', { id, roomId, userId });
    expect(await runsOf(member('x1', 'b', 'ada'))).toEqual({});
    expect(await runsOf(member('x2', 'a', 'eve'))).toEqual({});
    expect(await runsOf(member('x3', 'a', 'ada'))).toEqual({ secrets: 1, secret: 1 });
    expect(ids(ada.values.get(1))).toEqual(['s1']);
    expect(ada.values.get(2)).toMatchObject({ id: 's1' });
    expect(await runsOf(() => on.remove('Member', 'x3'))).toEqual({ secrets: 1, secret: 1 });
    expect([ada.values.get(1), ada.values.get(2)]).toEqual([[], null]);
  });

  test('several commits at once are one run; what changes nothing is not sent', async () => {
    const ada = on.watcher();
    ada.session.watch(1, 'counted', { room: 'a' });
    const insert = (id: string) => (tx: Transaction) => tx.insert('Message', rowOf(id, 'a'));
    expect(await runsOf(() => on.write(insert('m1'), insert('m2'), insert('m3')))).toEqual({ counted: 1 });
    expect(ada.answers).toHaveLength(2);
    expect(await runsOf(() => on.update('Message', 'm1', { likes: 1 }))).toEqual({ counted: 1 });
    expect(ada.answers).toHaveLength(2);
  });
});

describe('sharing', () => {
  test('one run for all who watch the same, whatever their identity, if it makes no difference', async () => {
    const [ada, eve] = [on.watcher('ada'), on.watcher('eve')];
    const first = async () => {
      ada.session.watch(1, 'list', { room: 'a' });
      ada.session.watch(2, 'list', { room: 'a' });
      eve.session.watch(1, 'list', { room: 'a' });
    };
    expect(await runsOf(first)).toEqual({ list: 1 });
    expect(await runsOf(async () => on.watcher('bob').session.watch(1, 'list', { room: 'a' }))).toEqual({});
    expect(await runsOf(() => on.put('Message', message('m1', 'a')))).toEqual({ list: 1 });
    expect(on.watches.size).toBe(1);
    for (const values of [ada.values, eve.values]) expect(ids(values.get(1))).toEqual(['m1']);
  });

  test('one run for each identity, when the handler or a policy looks at it', async () => {
    const watchers = ['ada', 'ada', 'eve'].map((user) => on.watcher(user));
    const first = async () => {
      for (const { session } of watchers) {
        session.watch(1, 'me', {});
        session.watch(2, 'secrets', { room: 'a' });
      }
    };
    expect(await runsOf(first)).toEqual({ me: 2, secrets: 2 });
    expect(watchers.map(({ values }) => values.get(1))).toEqual(['ada', 'ada', 'eve']);
  });

  test('a run that looks at the identity for the first time parts those who shared it', async () => {
    const [ada, eve] = [on.watcher('ada'), on.watcher('eve')];
    for (const { session } of [ada, eve]) session.watch(1, 'turning', { room: 'a' });
    expect(await runsOf(() => on.put('Room', { id: 'a', name: 'A' }))).toEqual({ turning: 2 });
    expect([ada.values.get(1), eve.values.get(1)]).toEqual(['ada', 'eve']);
    expect(ada.to).toBe(eve.to);
  });

  test('nothing is left of watches that nobody has any more', async () => {
    const ada = on.watcher();
    ada.session.watch(1, 'list', { room: 'a' });
    ada.session.watch(2, 'me', {});
    await settle();
    ada.session.unsubscribe(1);
    ada.session.unsubscribe(1);
    ada.session.close();
    expect(on.watches.size).toBe(0);
    expect(await runsOf(() => on.put('Message', message('m1', 'a')))).toEqual({});
  });
});

describe('[Q2] all watched queries of a session are of one moment', () => {
  test('a new query takes the others with it', async () => {
    const ada = on.watcher();
    ada.session.watch(1, 'counted', { room: 'a' });
    await settle();
    ada.session.watch(2, 'list', { room: 'a' });
    await on.put('Message', message('m1', 'a'));
    await settle();
    for (const { answers } of ada.answers.slice(1))
      expect(answers.map(({ id }) => id).sort()).toEqual([1, 2]);
    expect([ada.values.get(1), ids(ada.values.get(2))]).toEqual([1, ['m1']]);
  });

  test('under random writes, joins and stalls the count and the list never differ', async () => {
    for (let seed = 1; seed <= 15; seed++) {
      const random = new SimRandom(seed);
      const ada = on.watcher();
      const rooms = ['a', 'b'];
      for (const [i, room] of rooms.entries()) ada.session.watch(10 + i, 'list', { room });
      const writes: Promise<void>[] = [];
      for (let step = 0; step < 25; step++) {
        const id = `m${seed}-${random.int(6)}`;
        const roomId = random.pick(rooms);
        if (random.chance(0.2)) ada.room = random.int(2);
        else if (random.chance(0.3)) {
          ada.room = Number.POSITIVE_INFINITY;
          ada.session.drained();
        }
        if (step === 8)
          for (const [i, room] of rooms.entries()) ada.session.watch(20 + i, 'counted', { room });
        const write = on.store.write(async ({ tx }) => {
          const row = await tx.get('Message', id);
          if (!row) await tx.insert('Message', rowOf(id, roomId));
          else if (random.chance(0.3)) await tx.delete('Message', id);
          else await tx.update('Message', id, { roomId, likes: random.int(3) });
        });
        writes.push(write.then(() => {}));
        for (let i = random.int(4); i > 0; i--) {
          await on.env.clock.step();
          for (const k of [0, 1]) {
            const [list, number] = [ada.values.get(10 + k), ada.values.get(20 + k)];
            if (number !== undefined) expect([seed, step, number]).toEqual([seed, step, ids(list).length]);
          }
        }
      }
      ada.room = Number.POSITIVE_INFINITY;
      ada.session.drained();
      await settle();
      await Promise.all(writes);
      await settle();
      const rows = await on.env.clock.run(
        on.store.read((snapshot) => snapshot.select({ entity: 'Message' })),
      );
      rooms.forEach((room, i) => {
        const wanted = rows.filter(({ roomId }) => roomId === room);
        expect(ada.values.get(10 + i)).toEqual(wanted);
        expect(ada.values.get(20 + i)).toBe(wanted.length);
      });
      ada.session.close();
    }
  });
});

describe('commits that come while a round runs', () => {
  /** `slow` waits until this is called, once. */
  function held(): () => void {
    let go = () => {};
    const wait = new Promise<void>((resolve) => {
      go = resolve;
    });
    slow = () => wait;
    return () => go();
  }

  test('[Q1] one that touches what the first run has read already is not missed', async () => {
    const go = held();
    const ada = on.watcher();
    ada.session.watch(1, 'slow', {});
    await settle();
    await on.put('Room', { id: 'a', name: 'A' });
    expect(ada.answers).toEqual([]);
    go();
    await settle();
    expect(ada.answers.map(({ to, answers }) => [to, answers[0]?.value])).toEqual([
      [0, 0],
      [1, 1],
    ]);
  });

  test('[Q2] what joins or has room meanwhile is told when the round is over', async () => {
    const ada = on.watcher();
    ada.session.watch(1, 'counted', { room: 'a' });
    ada.session.watch(2, 'slow', {});
    await settle();
    const go = held();
    ada.room = 0;
    await on.put('Room', { id: 'a', name: 'A' });
    await on.put('Message', message('m1', 'a'));
    ada.session.watch(3, 'list', { room: 'a' });
    ada.room = 9;
    ada.session.drained();
    await settle();
    expect(ada.answers).toHaveLength(1);
    go();
    await settle();
    expect(ada.answers.slice(1).map(({ to }) => to)).toEqual([1, 2]);
    expect([ada.values.get(1), ids(ada.values.get(3))]).toEqual([1, ['m1']]);
  });

  test('[Q2] a moment between a COMMIT and the news of it is waited for', async () => {
    const drivers = database.open();
    let isSlow = false;
    const writer = aroundDriver(drivers.writer, async (run, sql) => {
      const result = await run();
      if (isSlow && sql === 'COMMIT') await new Promise<void>((resolve) => on.env.clock.after(50, resolve));
      return result;
    });
    on = await watching({ open: () => ({ ...drivers, writer }) }, { schema, functions: app });
    const ada = on.watcher();
    ada.session.watch(1, 'counted', { room: 'a' });
    await settle();
    isSlow = true;
    const write = on.store.write(({ tx }) => tx.insert('Message', rowOf('m1', 'a')));
    await on.env.clock.advance(10);
    ada.session.watch(2, 'list', { room: 'a' });
    await on.env.clock.advance(30);
    expect(ada.answers).toHaveLength(1);
    await on.env.clock.advance(100);
    await write;
    expect(ada.answers).toHaveLength(2);
    expect([ada.values.get(1), ids(ada.values.get(2))]).toEqual([1, ['m1']]);
  });

  test('a round whose database fails is tried again', async () => {
    const drivers = database.open();
    let isBroken = false;
    const reader = aroundDriver(drivers.reader, async (run, sql) => {
      if (isBroken && sql.includes('_log')) throw new Error('disk');
      return run();
    });
    on = await watching({ open: () => ({ ...drivers, reader }) }, { schema, functions: app });
    const ada = on.watcher();
    ada.session.watch(1, 'slow', {});
    await settle();
    isBroken = true;
    await on.put('Room', { id: 'a', name: 'A' });
    isBroken = false;
    expect(ada.values.get(1)).toBe(0);
    await on.env.clock.advance(1100);
    expect(ada.values.get(1)).toBe(1);
  });
});

describe('what is sent', () => {
  test('a patch that is made once, and from what each client has', async () => {
    await on.put('Message', ...[1, 2, 3, 4, 5, 6].map((i) => message(`m${i}`, 'a')));
    const [ada, eve] = [on.watcher('ada'), on.watcher('eve')];
    for (const { session } of [ada, eve]) session.watch(1, 'list', { room: 'a' });
    await settle();
    eve.room = 0;
    await on.update('Message', 'm3', { likes: 1 });
    expect(ada.answers.at(-1)?.answers).toEqual([
      { id: 1, patch: { a: [[0, 2], { i: 2, p: { o: { likes: { v: 1 } } } }, [3, 3]] } },
    ]);
    await on.update('Message', 'm4', { likes: 2 });
    expect(eve.answers).toHaveLength(1);
    eve.room = 1;
    eve.session.drained();
    expect(eve.answers).toHaveLength(2);
    expect(eve.values.get(1)).toEqual(ada.values.get(1));
    expect(eve.answers.at(-1)?.answers[0]).toHaveProperty('patch');
  });

  test('[S10] a reader that stalls costs nothing for each change', async () => {
    const ada = on.watcher();
    ada.session.watch(1, 'long', { room: 'a' });
    await on.put('Room', { id: 'a', name: 'x' });
    ada.room = 0;
    for (let i = 0; i < 50; i++) await on.update('Room', 'a', { name: `${i}`.padEnd(1000) });
    const before = ada.received;
    ada.room = Number.POSITIVE_INFINITY;
    ada.session.drained();
    await settle();
    expect(ada.received - before).toBeLessThan(1200);
    expect(ada.values.get(1)).toBe('49'.padEnd(1000));
  });

  test('what a handler throws is its answer; it stays watched, and what it threw stays here', async () => {
    const ada = on.watcher();
    ada.session.watch(1, 'fails', { room: 'a' });
    await on.put('Room', { id: 'a', name: 'A' });
    expect(ada.errors.get(1)).toBe('internal');
    expect(JSON.stringify(ada.messages)).not.toContain('a bug');
    await on.remove('Room', 'a');
    expect([ada.errors.get(1), ada.values.get(1)]).toEqual([undefined, 'fine']);
  });
});

describe('[P3] who may watch', () => {
  test.each<[string, string, Json, string]>([
    ['a function that is not there', 'nope', {}, 'not_found'],
    ['an internal one', 'hidden', {}, 'not_found'],
    ['a mutation', 'add', {}, 'invalid'],
    ['bad arguments', 'list', { room: 1 }, 'invalid'],
    ['one that is for another', 'onlyAda', {}, 'forbidden'],
  ])('%s is refused', async (_, fn, args, code) => {
    const eve = on.watcher('eve');
    eve.session.watch(7, fn, args);
    await settle();
    expect(eve.dropped).toEqual([{ t: 'dropped', id: 7, error: expect.objectContaining({ code }) }]);
    expect(on.watches.size).toBe(0);
  });

  test('a number in use is an error of the protocol', () => {
    const ada = on.watcher();
    ada.session.watch(1, 'me', {});
    expect(() => ada.session.watch(1, 'me', {})).toThrow(expect.objectContaining({ code: 'bad_message' }));
  });

  test('[S8] another identity is asked and answered anew, and is told nothing of the old one', async () => {
    const ada = on.watcher('ada');
    ada.session.watch(1, 'me', {});
    ada.session.watch(2, 'onlyAda', {});
    await settle();
    ada.messages.length = 0;
    await on.put('Room', { id: 'a', name: 'A' });
    ada.session.setViewer({ userId: 'eve', kind: 'user', roles: [], name: null });
    await settle();
    expect(ada.answers.map(({ answers }) => answers)).toEqual([[{ id: 1, value: 'eve' }]]);
    expect(ada.dropped).toMatchObject([{ id: 2, error: { code: 'forbidden' } }]);
  });

  test('[S8] an identity that changes while a round runs is told nothing of it', async () => {
    const ada = on.watcher('ada');
    let go = () => {};
    slow = () =>
      new Promise<void>((resolve) => {
        go = resolve;
      });
    ada.session.watch(1, 'slow', {});
    ada.session.watch(2, 'me', {});
    await settle();
    ada.session.setViewer({ userId: 'eve', kind: 'user', roles: [], name: null });
    slow = undefined;
    go();
    await settle();
    expect(ada.answers.flatMap(({ answers }) => answers)).toEqual([
      { id: 1, value: 0 },
      { id: 2, value: 'eve' },
    ]);
  });
});

describe('[N3] limits', () => {
  test('queries of a session', async () => {
    await begin({ perSession: 2 });
    const ada = on.watcher();
    for (const id of [1, 2, 3]) ada.session.watch(id, 'me', {});
    await settle();
    expect([...ada.values.keys()]).toEqual([1, 2]);
    expect(ada.dropped).toMatchObject([{ id: 3, error: { code: 'overloaded' } }]);
    ada.session.unsubscribe(1);
    ada.session.watch(4, 'me', {});
    await settle();
    expect(ada.values.get(4)).toBe('ada');
  });

  test('rows that are read', async () => {
    await begin({ maxRows: 3 });
    const ada = on.watcher();
    ada.session.watch(1, 'list', { room: 'a' });
    await on.put('Message', message('m1', 'a'), message('m2', 'a'), message('m3', 'a'));
    expect(ids(ada.values.get(1))).toHaveLength(3);
    await on.put('Message', message('m4', 'a'));
    expect(ada.errors.get(1)).toBe('too_large');
    await on.remove('Message', 'm4');
    expect(ada.errors.get(1)).toBeUndefined();
  });

  test('size of the result', async () => {
    await begin({ maxResult: 12 });
    const ada = on.watcher();
    ada.session.watch(1, 'long', { room: 'a' });
    await on.put('Room', { id: 'a', name: 'x'.repeat(10) });
    expect(ada.values.get(1)).toBe('x'.repeat(10));
    await on.update('Room', 'a', { name: 'x'.repeat(11) });
    expect(ada.errors.get(1)).toBe('too_large');
  });

  test('size of all that is told at once', async () => {
    await begin({ maxAnswer: 60 });
    const ada = on.watcher();
    await on.put('Room', { id: 'a', name: 'x'.repeat(40) }, { id: 'b', name: 'y' });
    ada.session.watch(1, 'long', { room: 'a' });
    ada.session.watch(2, 'long', { room: 'a' });
    await settle();
    expect(ada.values.get(1)).toBe('x'.repeat(40));
    expect(ada.dropped).toMatchObject([{ id: 2, error: { code: 'too_large' } }]);
  });

  test('time of a run', async () => {
    await begin({ maxMs: 100 });
    const { clock } = on.env;
    const ada = on.watcher();
    const runFor = async (ms: number) => {
      slow = () => new Promise<void>((resolve) => clock.after(ms, resolve));
      await on.put('Room', { id: `r${ms}`, name: 'r' });
      await clock.advance(200);
    };
    ada.session.watch(1, 'slow', {});
    await runFor(99);
    expect([ada.values.get(1), ada.errors.get(1)]).toEqual([1, undefined]);
    await runFor(101);
    expect(ada.errors.get(1)).toBe('timeout');
  });

  test('a query that is over its limits again and again is ended, and named in the log', async () => {
    const lines: [string, object | undefined][] = [];
    await begin({ maxRows: 1, maxOverruns: 2 });
    on.env.log.warn = (event, fields) => lines.push([event, fields]);
    const [ada, eve] = [on.watcher('ada'), on.watcher('eve')];
    for (const { session } of [ada, eve]) session.watch(1, 'list', { room: 'a' });
    await on.put('Message', message('m1', 'a'), message('m2', 'a'));
    expect([ada.errors.get(1), ada.dropped]).toEqual(['too_large', []]);
    await on.remove('Message', 'm2'); // within its limits: counted anew
    await on.put('Message', message('m2', 'a'));
    expect(ada.dropped).toEqual([]);
    await on.put('Message', message('m3', 'a'));
    for (const { dropped } of [ada, eve]) {
      expect(dropped).toMatchObject([{ id: 1, error: { code: 'too_large' } }]);
      expect(dropped[0]!.error.message).toContain('list');
    }
    expect(lines).toEqual([['sync.watch_broken', { function: 'list', overruns: 2, code: 'too_large' }]]);
    expect(on.watches.size).toBe(0);
  });
});

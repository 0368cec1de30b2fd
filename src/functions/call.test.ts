import { afterEach, beforeEach, describe, expect, expectTypeOf, test } from 'vitest';
import type { Json } from '../base/json.ts';
import { Access } from '../policy/access.ts';
import { ANONYMOUS, type Viewer } from '../policy/viewer.ts';
import type { Api, FunctionRef } from '../schema/app-shape.ts';
import { defineSchema } from '../schema/define-schema.ts';
import { entity } from '../schema/entity.ts';
import { field } from '../schema/field.ts';
import { policy } from '../schema/policy-spec.ts';
import { v } from '../schema/validator.ts';
import { Store } from '../store/store.ts';
import { simEnv } from '../testing/sim-env.ts';
import { TempDatabase } from '../testing/temp-database.ts';
import { Functions, type RowWrite } from './call.ts';
import { functions } from './define.ts';
import { LEDGER_KEEP_MS, LEDGER_TABLES } from './ledger.ts';
import { Registry } from './registry.ts';

const Note = entity('Note', {
  title: field.string(),
  ownerId: field.id('User'),
  likes: field.int().default(0),
});
const schema = defineSchema({
  entities: [Note],
  policies: [
    policy({
      entity: 'Note',
      allowRead: "auth.userId == data.ownerId || data.title == 'public'",
      allowInsert: 'auth.userId == data.ownerId',
      allowUpdate: 'auth.userId == existing.ownerId && data.ownerId == existing.ownerId',
      allowDelete: 'auth.userId == data.ownerId',
    }),
  ],
});
const { query, mutation } = functions(schema);

let runs = 0;
const notes = {
  create: mutation({
    args: { title: v.string(20) },
    auth: 'guest',
    async handler(ctx, { title }) {
      runs++;
      const id = await ctx.db.insert('Note', { title, ownerId: ctx.auth.userId ?? '' });
      return { id, run: runs };
    },
  }),
  fail: mutation({
    args: {},
    async handler(ctx) {
      await ctx.db.insert('Note', { title: 'gone', ownerId: ctx.auth.userId ?? '' });
      throw new Error('a bug');
    },
  }),
  outside: mutation({
    args: {},
    async handler(ctx) {
      await ctx.db.insert('Note', { title: 'gone', ownerId: ctx.auth.userId ?? '' });
      await new Promise((resolve) => env.clock.after(1, () => resolve(null)));
    },
  }),
  inside: mutation({
    args: {},
    async handler(ctx) {
      const ownerId = ctx.auth.userId ?? '';
      await Promise.all([0, 1].map((n) => ctx.db.insert('Note', { title: String(n), ownerId })));
      await Promise.resolve();
    },
  }),
  bad: query({ args: {}, auth: 'public', returns: v.object({ n: v.int() }), handler: () => ({ n: 1.5 }) }),
  odd: query({ args: {}, auth: 'public', handler: () => ({ when: new Map() }) }),
  steal: mutation({ args: {}, handler: (ctx) => ctx.db.insert('Note', { title: 'x', ownerId: 'somebody' }) }),
  list: query({
    args: { limit: v.optional(v.int(1, 10)) },
    auth: 'public',
    handler: async (ctx, { limit = 10 }) =>
      (await ctx.db.query('Note').order('title').take(limit)).map((row) => row.title),
  }),
  writes: query({
    args: {},
    auth: 'public',
    // A query's ctx.db has no insert; reaching for it is a bug that must not work.
    handler: (ctx) =>
      (ctx.db as unknown as { insert(e: string, d: object): unknown }).insert('Note', {}) as null,
  }),
};

const ada: Viewer = { userId: 'ada', kind: 'user', roles: [], name: null };
const guest: Viewer = { ...ada, userId: 'g1', kind: 'guest' };

let database: TempDatabase;
let env: ReturnType<typeof simEnv>;
let store: Store;
let subject: Functions;

async function open(): Promise<void> {
  store = new Store(env, { schema, drivers: database.open() });
  await store.open(LEDGER_TABLES);
  subject = new Functions(env, {
    schema,
    store,
    access: new Access(schema, () => 0),
    registry: new Registry({ notes }),
  });
}

const run = <T>(promise: Promise<T>) => env.clock.run(promise);

const call = (name: string, args: Json = {}, viewer = ada, opId?: string) =>
  run(subject.call({ name: `notes.${name}`, args, viewer, opId }));
const write = (op: Partial<RowWrite>, viewer = ada) =>
  run(subject.write({ opId: 'op', entity: 'Note', rowId: 'n1', kind: 'insert', ...op }, viewer));

beforeEach(async () => {
  database = new TempDatabase();
  env = simEnv();
  runs = 0;
  await open();
});
afterEach(() => database.remove());

describe('calls', () => {
  test('a mutation writes and a query sees it', async () => {
    const { value, seq } = await call('create', { title: 'hello' });
    expect(value).toMatchObject({ run: 1 });
    expect(seq).toBe(1);
    expect(await call('list')).toEqual({ value: ['hello'], seq: null });
  });

  test.each([
    ['create', { title: 7 }, 'invalid', 'args.title must be a string'],
    ['create', {}, 'invalid', 'args.title must be a string'],
    ['create', { title: 'x', more: 1 }, 'invalid', 'unknown key "more"'],
    ['create', [], 'invalid', 'args must be an object'],
    ['create', { title: 'x'.repeat(21) }, 'invalid', 'at most 20'],
    ['list', { limit: 11 }, 'invalid', 'in 1..10'],
    ['nothing', {}, 'not_found', 'no function "notes.nothing"'],
    ['__proto__', {}, 'not_found', 'no function'],
    ['bad', {}, 'invalid', 'result.n must be a whole number'],
    ['odd', {}, 'invalid', 'must return JSON'],
  ])('%s(%o) is refused as %s', async (name, args, code, message) => {
    await expect(call(name, args as Json)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
    expect(store.seq).toBe(0);
  });

  test('[Q4] a query cannot write', async () => {
    await expect(call('writes')).rejects.toThrow(TypeError);
  });

  test('who may call is asked before anything runs', async () => {
    await expect(call('create', { title: 'x' }, ANONYMOUS)).rejects.toMatchObject({ code: 'unauthorized' });
    await expect(call('fail', {}, guest)).rejects.toMatchObject({ code: 'unauthorized' });
    await call('create', { title: 'x' }, guest);
    expect(runs).toBe(1);
  });

  test('a handler that throws leaves nothing', async () => {
    await expect(call('fail')).rejects.toThrow('a bug');
    expect((await call('list')).value).toEqual([]);
  });

  test('[P3] the policy holds inside functions, for reads and writes', async () => {
    await expect(call('steal')).rejects.toMatchObject({ code: 'forbidden' });
    await call('create', { title: 'mine' });
    await call('create', { title: 'public' });
    expect((await call('list', {}, guest)).value).toEqual(['public']);
    expect((await call('list', { limit: 1 }, guest)).value).toEqual(['public']);
  });

  test('clients see the signatures', () => {
    type Notes = Api<{ notes: typeof notes }>['notes'];
    expectTypeOf<Notes['create']>().toEqualTypeOf<
      FunctionRef<{ title: string }, { id: string; run: number }>
    >();
    expectTypeOf<Notes['list']>().toEqualTypeOf<FunctionRef<{ limit?: number }, string[]>>();
  });
});

describe('op ids', () => {
  test('[L3] a retried op id returns the stored result and nothing runs twice, also after a restart', async () => {
    const first = await call('create', { title: 'once' }, ada, 'op-1');
    expect(await call('create', { title: 'once' }, ada, 'op-1')).toEqual(first);
    await run(store.close());
    await open();
    expect(await call('create', { title: 'once' }, ada, 'op-1')).toEqual(first);
    expect([runs, store.seq]).toEqual([1, 1]);
  });

  test('[L3] two sends of one op id in the same group run it once', async () => {
    const [a, b] = await run(
      Promise.all([
        subject.call({ name: 'notes.create', args: { title: 'x' }, viewer: ada, opId: 'op-1' }),
        subject.call({ name: 'notes.create', args: { title: 'x' }, viewer: ada, opId: 'op-1' }),
      ]),
    );
    expect(a).toEqual(b);
    expect(runs).toBe(1);
  });

  test('[L3] a failed run is not remembered: the op may be tried again', async () => {
    await expect(call('fail', {}, ada, 'op-1')).rejects.toThrow();
    await expect(call('fail', {}, ada, 'op-1')).rejects.toThrow('a bug');
  });

  test('an op id cannot be used by another viewer, nor for another call', async () => {
    await call('create', { title: 'x' }, ada, 'op-1');
    const conflict = { code: 'conflict' };
    await expect(call('create', { title: 'x' }, guest, 'op-1')).rejects.toMatchObject(conflict);
    await expect(call('create', { title: 'y' }, ada, 'op-1')).rejects.toMatchObject(conflict);
    await expect(write({ opId: 'op-1', data: { title: 'x', ownerId: 'ada' } })).rejects.toMatchObject(
      conflict,
    );
  });

  test('[L3] results are kept for 14 days, then forgotten little by little', async () => {
    await call('create', { title: 'x' }, ada, 'op-1');
    const fill = async () => {
      for (let i = 0; i < 256; i++) await call('create', { title: 'x' }, ada, `fill-${env.clock.now()}-${i}`);
    };
    await env.clock.advance(LEDGER_KEEP_MS);
    await fill();
    expect((await call('create', { title: 'x' }, ada, 'op-1')).value).toMatchObject({ run: 1 });
    await env.clock.advance(1);
    await fill();
    expect((await call('create', { title: 'x' }, ada, 'op-1')).value).toMatchObject({ run: runs });
    expect(runs).toBe(514);
  });

  test('[L3] a wall clock that jumps makes no result old, and none new', async () => {
    const day = 24 * 3600 * 1000;
    await call('create', { title: 'x' }, ada, 'op-1');
    for (const by of [365 * day, -730 * day, 365 * day]) {
      env.clock.jump(by);
      for (let i = 0; i < 256; i++) await call('create', { title: 'x' }, ada, `fill ${by} ${i}`);
      expect((await call('create', { title: 'x' }, ada, 'op-1')).value).toMatchObject({ run: 1 });
    }
  });
});

describe('[Q4] a mutation waits for its ctx alone', () => {
  test('one that waits for anything else is taken back and named', async () => {
    await expect(call('outside', {})).rejects.toMatchObject({
      code: 'internal',
      message: expect.stringContaining('notes.outside waited for something that is not its ctx'),
    });
    await expect(call('create', { title: 'after' })).resolves.toMatchObject({ seq: 1 });
    expect((await call('list', {})).value).toEqual(['after']);
  });

  test('promises that need no turn of the event loop do no harm', async () => {
    await call('inside', {});
    expect((await call('list', {})).value).toEqual(['0', '1']);
  });
});

describe('row writes', () => {
  const mine = { title: 'mine', ownerId: 'ada' };

  test('insert, update, delete, each its own transaction', async () => {
    expect((await write({ opId: '1', data: mine })).seq).toBe(1);
    expect((await write({ opId: '2', kind: 'update', data: { title: 'new' } })).seq).toBe(2);
    expect((await call('list')).value).toEqual(['new']);
    expect((await write({ opId: '3', kind: 'delete' })).seq).toBe(3);
    expect((await call('list')).value).toEqual([]);
  });

  test('[L3] a resent row write is one write', async () => {
    const first = await write({ opId: '1', data: mine });
    expect(await write({ opId: '1', data: mine })).toEqual(first);
    expect(store.seq).toBe(1);
  });

  test.each<[Partial<RowWrite>, string]>([
    [{ data: { ...mine, ownerId: 'eve' } }, 'forbidden'],
    [{ data: { title: 'x' } }, 'invalid'],
    [{ entity: 'Nothing', data: mine }, 'not_found'],
    [{ kind: 'update', rowId: 'none', data: { title: 'x' } }, 'not_found'],
    [{ kind: 'delete', rowId: 'none' }, 'not_found'],
    [{ rowId: 'not an id', data: mine }, 'invalid'],
  ])('[P3] %o is refused as %s', async (op, code) => {
    await expect(write(op)).rejects.toMatchObject({ code });
    expect(store.seq).toBe(0);
  });

  test('[S4] a row that one may not see does not exist, not even as forbidden', async () => {
    await write({ opId: '1', data: mine });
    await expect(write({ opId: '2', kind: 'delete' }, guest)).rejects.toMatchObject({ code: 'not_found' });
    await expect(write({ opId: '3', kind: 'update', data: { title: 'x' } }, guest)).rejects.toMatchObject({
      code: 'not_found',
    });
  });
});

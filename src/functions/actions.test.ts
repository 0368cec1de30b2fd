import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { deferred } from '../base/deferred.ts';
import { Fault } from '../base/fault.ts';
import type { Json } from '../base/json.ts';
import { Access } from '../policy/access.ts';
import { ANONYMOUS, type Viewer } from '../policy/viewer.ts';
import { defineSchema } from '../schema/define-schema.ts';
import { entity } from '../schema/entity.ts';
import { field } from '../schema/field.ts';
import { policy } from '../schema/policy-spec.ts';
import { v } from '../schema/validator.ts';
import { Store } from '../store/store.ts';
import { simEnv } from '../testing/sim-env.ts';
import { TempDatabase } from '../testing/temp-database.ts';
import { type CallRequest, DEFAULT_FUNCTION_LIMITS, Functions } from './call.ts';
import type { QueryContext } from './context.ts';
import { functions } from './define.ts';
import { LEDGER_TABLES } from './ledger.ts';
import { Registry } from './registry.ts';

const schema = defineSchema({
  entities: [entity('Note', { title: field.string(), ownerId: field.string() })],
  policies: [
    policy({
      entity: 'Note',
      allowRead: 'auth.userId == data.ownerId',
      allowInsert: 'auth.userId == data.ownerId',
    }),
  ],
});
const { query, mutation, action, internal } = functions(schema);

let runs = 0;
let wait: ReturnType<typeof deferred<string>>;
let seen: AbortSignal | undefined;
let kept: QueryContext<typeof schema> | undefined;

const add = internal.mutation({
  args: { title: v.string(20) },
  handler: (ctx, { title }) => ctx.db.insert('Note', { title, ownerId: ctx.auth.userId ?? '' }),
});
const titles = query({
  args: {},
  handler: async (ctx) => (await ctx.db.query('Note').order('title').take(10)).map((row) => row.title),
});
const stray = mutation({ args: {}, handler: () => null });
const app = {
  add,
  titles,
  adminsOnly: query({ args: {}, auth: 'admin', handler: () => 'secret' }),
  addTwo: action({
    args: { title: v.string() },
    async handler(ctx, { title }) {
      runs++;
      await ctx.runMutation(add, { title: `${title}1` });
      await ctx.runMutation('add', { title: `${title}2` });
      return ctx.runQuery(titles, {});
    },
  }),
  call: action({
    args: { how: v.oneOf('runQuery', 'runMutation'), name: v.string() },
    handler: (ctx, { how, name }) => ctx[how](name, {}),
  }),
  callStray: action({ args: {}, handler: (ctx) => ctx.runMutation(stray, {}) }),
  again: action({
    args: {},
    handler: async (ctx) => {
      const first = await ctx.runMutation(add, { title: 'x' }, { opId: 'inner' });
      return first === (await ctx.runMutation(add, { title: 'x' }, { opId: 'inner' }));
    },
  }),
  wait: action({
    args: {},
    async handler(ctx) {
      runs++;
      seen = ctx.signal;
      const text = await wait.promise;
      await ctx.runMutation(add, { title: text });
      return text;
    },
  }),
  sleep: action({ args: {}, handler: () => wait.promise }),
  fails: action({
    args: {},
    handler: (): null => {
      runs++;
      throw new Fault('rate_limited', 'the other server said no', { afterMs: 5 });
    },
  }),
  aborted: action({
    args: {},
    handler: (ctx) =>
      new Promise<null>((_, reject) => {
        seen = ctx.signal;
        ctx.signal.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')));
      }),
  }),
  slowQuery: query({
    args: {},
    async handler(ctx) {
      seen = ctx.signal;
      kept = ctx;
      await wait.promise;
      return (await ctx.db.query('Note').take(1)).length;
    },
  }),
  keys: {
    query: query({ args: {}, handler: (ctx) => Object.keys(ctx) }),
    mutation: mutation({ args: {}, handler: (ctx) => Object.keys(ctx) }),
    action: action({ args: {}, handler: (ctx) => Object.keys(ctx) }),
  },
};

const ada: Viewer = { userId: 'ada', kind: 'user', roles: [], name: null };
let database: TempDatabase;
let env: ReturnType<typeof simEnv>;
let store: Store;
let subject: Functions;

async function open(): Promise<void> {
  store = new Store(env, { schema, drivers: database.open() });
  await store.open(LEDGER_TABLES);
  const access = new Access(schema, () => 0);
  subject = new Functions(env, { schema, store, access, registry: new Registry(app) }, { actionsAtOnce: 3 });
}
const start = (name: string, args: Json = {}, more: Partial<CallRequest> = {}) => {
  const result = subject.call({ name, args, viewer: ada, ...more });
  result.catch(() => {});
  return result;
};
const call = (...args: Parameters<typeof start>) => env.clock.run(start(...args));

beforeEach(async () => {
  database = new TempDatabase();
  env = simEnv();
  runs = 0;
  wait = deferred();
  await open();
});
afterEach(() => database.remove());

describe('actions', () => {
  test('reach rows through queries and mutations; the result names the last transaction', async () => {
    expect(await call('addTwo', { title: 'n' })).toEqual({ value: ['n1', 'n2'], seq: 2 });
  });

  test.each([
    ['runQuery', 'add', 'invalid', 'add: of kind mutation, not query'],
    ['runMutation', 'titles', 'invalid', 'titles: of kind query, not mutation'],
    ['runMutation', 'addTwo', 'invalid', 'addTwo: of kind action, not mutation'],
    ['runQuery', 'nothing', 'not_found', 'no function "nothing"'],
    ['runQuery', 'adminsOnly', 'forbidden', 'only an admin'],
    ['runMutation', 'add', 'invalid', 'args.title must be a string'],
  ])('[P3] %s(%s) is refused as %s', async (how, name, code, message) => {
    await expect(call('call', { how, name })).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
  });

  test('a definition that is not in the app is not found', async () => {
    await expect(call('callStray')).rejects.toMatchObject({ code: 'not_found' });
  });

  test('a mutation inside may have an op id of its own', async () => {
    expect((await call('again')).value).toBe(true);
    expect(store.seq).toBe(1);
  });

  test('[N3] one more than the limit is refused, also before the ledger hears of it', async () => {
    const three = [1, 2, 3].map(() => start('wait'));
    await env.clock.advance(1);
    await expect(call('addTwo', { title: 'n' }, { opId: 'op' })).rejects.toMatchObject({
      code: 'overloaded',
    });
    wait.resolve('x');
    await env.clock.run(Promise.all(three));
    await call('addTwo', { title: 'n' }, { opId: 'op' });
    expect([runs, subject.actionsInFlight]).toEqual([4, 0]);
  });
});

describe('[Q4] ctx', () => {
  test.each([
    ['query', ['auth', 'db', 'now', 'signal']],
    ['mutation', ['auth', 'db', 'id', 'now', 'random', 'scheduler']],
    ['action', ['auth', 'id', 'now', 'random', 'runMutation', 'runQuery', 'scheduler', 'signal', 'stream']],
  ])('of a %s has what it may use and nothing else', async (kind, keys) => {
    expect(((await call(`keys.${kind}`)).value as string[]).sort()).toEqual(keys);
  });

  test('a query that has ended reads no more', async () => {
    wait.resolve('');
    await call('slowQuery');
    await expect(kept!.db.get('Note', 'n')).rejects.toThrow('after the query had ended');
  });
});

describe('the end of a call', () => {
  test('an action over its deadline fails, its signal is aborted, and it reaches no rows any more', async () => {
    const result = start('wait');
    await env.clock.advance(DEFAULT_FUNCTION_LIMITS.actionMs);
    await expect(result).rejects.toMatchObject({
      code: 'timeout',
      message: 'wait took longer than 60000 ms',
    });
    expect(seen!.reason).toMatchObject({ code: 'timeout' });
    wait.resolve('late');
    await env.clock.advance(1);
    expect([store.seq, subject.actionsInFlight]).toEqual([0, 0]);
  });

  test('a query over its deadline fails and makes room for others', async () => {
    const slow = start('slowQuery');
    const next = start('titles');
    await env.clock.advance(DEFAULT_FUNCTION_LIMITS.queryMs - 1);
    expect(seen!.aborted).toBe(false);
    await env.clock.advance(1);
    await expect(slow).rejects.toMatchObject({ code: 'timeout' });
    expect((await next).value).toEqual([]);
    await expect(kept!.db.get('Note', 'n')).rejects.toMatchObject({ code: 'timeout' });
  });

  test.each(['wait', 'slowQuery', 'aborted'])('giving up %s aborts its signal', async (name) => {
    const caller = new AbortController();
    const result = start(name, {}, { signal: caller.signal });
    await env.clock.advance(1);
    caller.abort();
    wait.resolve('x');
    await env.clock.advance(1);
    await expect(result).rejects.toMatchObject({ code: 'cancelled' });
    expect([seen!.aborted, store.seq]).toEqual([true, 0]);
  });

  test('a call that was given up before it began does not run', async () => {
    await expect(call('wait', {}, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'cancelled',
    });
    expect(runs).toBe(0);
  });

  test('closing gives up what runs', async () => {
    const result = start('aborted');
    await env.clock.advance(1);
    subject.close();
    await expect(env.clock.run(result)).rejects.toMatchObject({ code: 'cancelled' });
  });
});

describe('op ids of actions', () => {
  test('[L3] the stored result is returned and nothing runs twice, also after a restart', async () => {
    const first = await call('addTwo', { title: 'n' }, { opId: 'op' });
    expect(await call('addTwo', { title: 'n' }, { opId: 'op' })).toEqual(first);
    await env.clock.run(store.close());
    await open();
    expect(await call('addTwo', { title: 'n' }, { opId: 'op' })).toEqual(first);
    expect([runs, store.seq]).toEqual([1, 2]);
  });

  test('[L3] a send while it runs waits for the same end', async () => {
    const both = [start('wait', {}, { opId: 'op' }), start('wait', {}, { opId: 'op' })];
    await env.clock.advance(1);
    wait.resolve('x');
    const [a, b] = await env.clock.run(Promise.all(both));
    expect(a).toEqual(b);
    expect(runs).toBe(1);
  });

  test('[L3] a failure is an outcome too: what was sent abroad cannot be taken back', async () => {
    const fault = { code: 'rate_limited', message: 'the other server said no', data: { afterMs: 5 } };
    await expect(call('fails', {}, { opId: 'op' })).rejects.toMatchObject(fault);
    await expect(call('fails', {}, { opId: 'op' })).rejects.toMatchObject(fault);
    expect(runs).toBe(1);
  });

  test('[L3] one that the server did not survive is not run again', async () => {
    void start('wait', {}, { opId: 'op' });
    await env.clock.advance(1);
    expect(runs).toBe(1);
    await open(); // as after a kill: the former life never settles
    await expect(call('wait', {}, { opId: 'op' })).rejects.toMatchObject({ code: 'cancelled' });
    expect(runs).toBe(1);
  });

  test('an outcome that cannot be stored is given all the same', async () => {
    const result = start('sleep', {}, { opId: 'op' });
    await env.clock.advance(1);
    await env.clock.run(store.close());
    wait.resolve('done');
    expect((await env.clock.run(result)).value).toBe('done');
  });

  test('belong to one viewer and one call', async () => {
    await call('addTwo', { title: 'n' }, { opId: 'op' });
    const conflict = { code: 'conflict' };
    await expect(call('addTwo', { title: 'm' }, { opId: 'op' })).rejects.toMatchObject(conflict);
    await expect(
      call('addTwo', { title: 'n' }, { opId: 'op', viewer: { ...ada, userId: 'eve' } }),
    ).rejects.toMatchObject(conflict);
    await expect(call('keys.mutation', {}, { opId: 'op' })).rejects.toMatchObject(conflict);
  });

  test('who may not call leaves no entry', async () => {
    await expect(call('addTwo', { title: 'n' }, { opId: 'op', viewer: ANONYMOUS })).rejects.toMatchObject({
      code: 'unauthorized',
    });
    await call('addTwo', { title: 'n' }, { opId: 'op' });
  });
});

test('[P1] a bad auth expression stops the start and names function and column', () => {
  const bad = query({ args: { id: v.string() }, auth: 'input.ids == auth.userId', handler: () => null });
  expect(() => new Registry({ notes: { bad } })).toThrow(
    'auth of notes.bad: unknown argument input.ids at column 1',
  );
});

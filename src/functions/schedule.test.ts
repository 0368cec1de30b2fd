import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { deferred } from '../base/deferred.ts';
import type { LogFields } from '../base/env.ts';
import { Fault } from '../base/fault.ts';
import type { Json } from '../base/json.ts';
import { Access } from '../policy/access.ts';
import type { Viewer } from '../policy/viewer.ts';
import { defineSchema } from '../schema/define-schema.ts';
import { entity } from '../schema/entity.ts';
import { field } from '../schema/field.ts';
import { policy } from '../schema/policy-spec.ts';
import { v } from '../schema/validator.ts';
import { Store } from '../store/store.ts';
import { aroundDriver } from '../testing/around-driver.ts';
import { simEnv } from '../testing/sim-env.ts';
import { TempDatabase } from '../testing/temp-database.ts';
import { Functions } from './call.ts';
import { functions } from './define.ts';
import { createInternalApi } from './internal-api.ts';
import { MAX_TIMER_MS } from './job-runner.ts';
import { JOB_TABLES } from './job-table.ts';
import { LEDGER_TABLES } from './ledger.ts';
import { Registry } from './registry.ts';
import { DEFAULT_JOB_LIMITS } from './schedule.ts';

const schema = defineSchema({
  entities: [entity('Note', { title: field.string(), ownerId: field.string() })],
  policies: [policy({ entity: 'Note', allowRead: 'true', allowInsert: 'auth.userId == data.ownerId' })],
});
const { mutation, action, query, internal } = functions(schema);

/** Titles of notes in the order in which they were written, and what actions did. */
let done: string[] = [];
let wait = deferred<void>();
let release = deferred<void>();

const note = internal.mutation({
  args: { title: v.string(100) },
  async handler(ctx, { title }) {
    await ctx.db.insert('Note', { title, ownerId: ctx.auth.userId ?? '' });
    done.push(title);
  },
});
const bad = internal.mutation({
  args: {},
  async handler(ctx): Promise<null> {
    await ctx.db.insert('Note', { title: 'half', ownerId: 'ada' });
    throw new Fault('conflict', 'no luck', { n: 1 });
  },
});
const send = internal.action({
  args: { to: v.string() },
  async handler(ctx, { to }) {
    done.push(`begin ${to}`);
    wait.resolve();
    await release.promise;
    ctx.signal.throwIfAborted();
    if (to === 'nobody') throw new Fault('unavailable', 'no such address');
    done.push(`sent ${to}`);
  },
});
const target = v.oneOf('note', 'bad', 'send', 'open', 'look', 'nothing');
const app = {
  note,
  bad,
  send,
  open: mutation({ args: {}, handler: () => null }),
  look: internal.query({ args: {}, handler: () => null }),
  later: mutation({
    args: { fn: target, args: v.json(), due: v.number() },
    handler: (ctx, { fn, args, due }) => ctx.scheduler.runAt(due, fn, args),
  }),
  after: mutation({
    args: { delay: v.oneOf('0ms', '10m', '1d'), title: v.string() },
    handler: (ctx, { delay, title }) => ctx.scheduler.runAfter(delay, note, { title }),
  }),
  thenFail: mutation({
    args: {},
    async handler(ctx): Promise<null> {
      await ctx.scheduler.runAfter(0, note, { title: 'never' });
      throw new Fault('conflict', 'rolled back');
    },
  }),
  cancel: mutation({ args: { id: v.string() }, handler: (ctx, { id }) => ctx.scheduler.cancel(id) }),
  cancelThenFail: mutation({
    args: { id: v.string() },
    async handler(ctx, { id }): Promise<null> {
      await ctx.scheduler.cancel(id);
      throw new Fault('conflict', 'rolled back');
    },
  }),
  chain: internal.mutation({
    args: { left: v.int() },
    async handler(ctx, { left }): Promise<null> {
      done.push(`left ${left}`);
      if (left > 0)
        await ctx.scheduler.runAfter('10m', createInternalApi<typeof app>().chain, { left: left - 1 });
      return null;
    },
  }),
  startChain: mutation({ args: {}, handler: (ctx) => ctx.scheduler.runAfter(0, 'chain', { left: 2 }) }),
  fromAction: action({
    args: {},
    async handler(ctx): Promise<null> {
      await ctx.scheduler.runAfter('10m', note, { title: 'from an action' });
      const second = await ctx.scheduler.runAfter('10m', note, { title: 'cancelled' });
      done.push(`cancel ${await ctx.scheduler.cancel(second)} ${await ctx.scheduler.cancel(second)}`);
      throw new Fault('conflict', 'what was scheduled stays');
    },
  }),
  titles: query({
    args: {},
    handler: async (ctx) => (await ctx.db.query('Note').order('title').take(10)).map(({ title }) => title),
  }),
};

const ada: Viewer = { userId: 'ada', kind: 'user', roles: ['boss'], name: 'Ada' };
const logged: [event: string, fields: LogFields | undefined][] = [];
const log = {
  debug: () => {},
  info: () => {},
  warn: (event: string, fields?: LogFields) => void logged.push([event, fields]),
  error: (event: string, fields?: LogFields) => void logged.push([event, fields]),
};
let database: TempDatabase;
let env: ReturnType<typeof simEnv>;
let store: Store;
let subject: Functions;
let failCommit = false;

async function open(limits = {}, functionsOf: object = app): Promise<void> {
  const { reader, writer } = database.open();
  const around = aroundDriver(writer, (run, sql) => {
    if (failCommit && sql === 'COMMIT') return Promise.reject(new Fault('storage', 'disk full'));
    return run();
  });
  store = new Store(env, { schema, drivers: { reader, writer: around } });
  await env.clock.run(store.open([...LEDGER_TABLES, ...JOB_TABLES]));
  const access = new Access(schema, () => 0);
  subject = new Functions(
    env,
    { schema, store, access, registry: new Registry(functionsOf as never) },
    limits,
  );
  await env.clock.run(subject.jobs.start());
}
/** As after a kill -9: the former life runs nothing any more. */
async function restart(limits = {}, functionsOf: object = app): Promise<void> {
  subject.jobs.stop();
  await open(limits, functionsOf);
}
const call = async (name: string, args: Json = {}, opId?: string) =>
  (await env.clock.run(subject.call({ name, args, viewer: ada, opId }))).value;
const later = async (fn: string, args: Json, inMs: number) =>
  String(await call('later', { fn, args, due: env.clock.now() + inMs }));
const rows = () => store.read((snapshot) => snapshot.all('SELECT * FROM _scheduled'));
const pending = async () =>
  (await env.clock.run(store.read((snapshot) => snapshot.all('SELECT n FROM _scheduled_pending'))))[0]!.n;

beforeEach(async () => {
  database = new TempDatabase();
  env = simEnv(1, log);
  done = [];
  logged.length = 0;
  failCommit = false;
  wait = deferred();
  release = deferred();
  await open();
});
afterEach(() => {
  subject.jobs.stop();
  database.remove();
});

describe('a scheduled mutation', () => {
  test('runs when its delay is over, under the identity that scheduled it', async () => {
    await call('after', { delay: '10m', title: 'a' });
    await env.clock.advance(599_000);
    expect(done).toEqual([]);
    await env.clock.advance(1000);
    expect([await call('titles'), await env.clock.run(rows()), await pending()]).toEqual([['a'], [], 0]);
  });

  test('jobs run in order of due time, then of their making', async () => {
    for (const [title, inMs] of [
      ['c', 3000],
      ['a', 1000],
      ['b1', 2000],
      ['b2', 2000],
      ['past', -5000],
    ] as const)
      await later('note', { title }, inMs);
    await env.clock.advance(5000);
    expect(done).toEqual(['past', 'a', 'b1', 'b2', 'c']);
  });

  test('[L1] is rolled back with the mutation that scheduled it', async () => {
    await expect(call('thenFail')).rejects.toMatchObject({ code: 'conflict' });
    await env.clock.advance(1000);
    expect([done, await pending()]).toEqual([[], 0]);
  });

  test('[L1] is lost with a COMMIT that fails, and no timer is armed for it', async () => {
    failCommit = true;
    await expect(call('after', { delay: '10m', title: 'a' })).rejects.toMatchObject({ code: 'storage' });
    failCommit = false;
    await env.clock.advance(1);
    expect(env.clock.pending).toBe(0);
    await restart();
    await env.clock.advance(600_000);
    expect(done).toEqual([]);
  });

  test('[L3] a mutation that is sent again schedules nothing again', async () => {
    const first = await call('after', { delay: '10m', title: 'a' }, 'op');
    expect(await call('after', { delay: '10m', title: 'a' }, 'op')).toBe(first);
    await env.clock.advance(600_000);
    expect(done).toEqual(['a']);
  });

  test('may schedule the next one', async () => {
    await call('startChain');
    await env.clock.advance(1_200_000);
    expect(done).toEqual(['left 2', 'left 1', 'left 0']);
  });

  test('[L9] a COMMIT that fails is tried again until it holds', async () => {
    await later('note', { title: 'a' }, 1000);
    failCommit = true;
    await env.clock.advance(10_000);
    expect(done.length).toBeGreaterThan(1);
    failCommit = false;
    await env.clock.advance(60_000);
    expect(await call('titles')).toEqual(['a']);
    expect(await subject.jobs.failed()).toEqual([]);
  });

  test('one that throws is rolled back, kept as failed, and blocks no other', async () => {
    const id = await later('bad', {}, 1000);
    await later('note', { title: 'a' }, 1001);
    await env.clock.advance(2000);
    expect(await call('titles')).toEqual(['a']);
    const error = { code: 'conflict', message: 'no luck', data: { n: 1 } };
    expect(await env.clock.run(subject.jobs.failed())).toEqual([
      { id, fn: 'bad', args: {}, viewer: ada, due: expect.any(Number), endedAt: expect.any(Number), error },
    ]);
    expect(logged).toEqual([['job.failed', expect.objectContaining({ job: id, function: 'bad', ...error })]]);
    await restart();
    await env.clock.advance(10_000);
    expect(logged).toHaveLength(1);
  });

  test('[L9] overdue jobs run at start, each once', async () => {
    subject.jobs.stop();
    await later('note', { title: 'b' }, 2000);
    await later('note', { title: 'a' }, 1000);
    await env.clock.advance(60_000);
    expect(done).toEqual([]);
    await restart();
    await env.clock.advance(1);
    await restart();
    await env.clock.advance(60_000);
    expect(done).toEqual(['a', 'b']);
  });

  test('a function that is gone: logged by name, kept as failed, and no other waits for it', async () => {
    await later('note', { title: 'a' }, 1000);
    await later('bad', {}, 1000);
    const { note: _, ...rest } = app;
    await restart({}, rest);
    await env.clock.advance(2000);
    expect((await env.clock.run(subject.jobs.failed())).map(({ fn, error }) => [fn, error.code])).toEqual([
      ['bad', 'conflict'],
      ['note', 'not_found'],
    ]);
    expect(logged[0]).toEqual([
      'job.failed',
      expect.objectContaining({ function: 'note', code: 'not_found' }),
    ]);
  });
});

describe('cancel', () => {
  test('is true for what had not begun, and that never runs', async () => {
    const id = await later('note', { title: 'a' }, 1000);
    expect([await call('cancel', { id }), await call('cancel', { id })]).toEqual([true, false]);
    await env.clock.advance(2000);
    expect([done, await pending()]).toEqual([[], 0]);
  });

  test('is false for what has run, runs, or never was', async () => {
    const ran = await later('note', { title: 'a' }, 0);
    const runs = await later('send', { to: 'x' }, 0);
    await env.clock.run(wait.promise);
    for (const id of [ran, runs, 'nothing']) expect(await call('cancel', { id })).toBe(false);
    release.resolve();
  });

  test('[L1] is rolled back with its mutation', async () => {
    const id = await later('note', { title: 'a' }, 1000);
    await expect(call('cancelThenFail', { id })).rejects.toMatchObject({ code: 'conflict' });
    await env.clock.advance(2000);
    expect(done).toEqual(['a']);
  });
});

describe('a scheduled action', () => {
  test('runs once; others go on meanwhile', async () => {
    await later('send', { to: 'x' }, 0);
    await later('note', { title: 'a' }, 1);
    await env.clock.advance(1000);
    expect([done, subject.jobs.size]).toEqual([['begin x', 'a'], 1]);
    release.resolve();
    await env.clock.advance(1);
    expect([done, subject.jobs.size, await env.clock.run(rows())]).toEqual([
      ['begin x', 'a', 'sent x'],
      0,
      [],
    ]);
  });

  test('[L9] one that the server did not survive is not run again, but logged by name and kept', async () => {
    const id = await later('send', { to: 'x' }, 0);
    await env.clock.advance(1);
    await restart();
    await env.clock.advance(1000);
    expect(done).toEqual(['begin x']);
    expect(await env.clock.run(subject.jobs.failed())).toMatchObject([{ id, error: { code: 'cancelled' } }]);
    expect(logged).toEqual([
      ['job.failed', expect.objectContaining({ function: 'send', code: 'cancelled' })],
    ]);
  });

  test('a failure is kept, and not tried again even where a mutation would be', async () => {
    await later('send', { to: 'nobody' }, 0);
    release.resolve();
    await env.clock.advance(60_000);
    expect(done).toEqual(['begin nobody']);
    expect(await env.clock.run(subject.jobs.failed())).toMatchObject([{ error: { code: 'unavailable' } }]);
  });

  test('[L9] one whose claim could not be committed has not begun, and runs later', async () => {
    await later('send', { to: 'x' }, 1000);
    failCommit = true;
    await env.clock.advance(5000);
    expect(done).toEqual([]);
    failCommit = false;
    release.resolve();
    await env.clock.advance(30_000);
    expect(done).toEqual(['begin x', 'sent x']);
    expect(await env.clock.run(subject.jobs.failed())).toEqual([]);
    // The pauses between the attempts grow.
    expect(logged.filter(([event]) => event === 'job.paused').length).toBeLessThan(20);
  });

  test('one that found no room among actions waits for it', async () => {
    await restart({ actionsAtOnce: 1 });
    await later('send', { to: 'x' }, 0);
    await later('send', { to: 'y' }, 0);
    await env.clock.advance(100);
    expect(done).toEqual(['begin x']);
    release.resolve();
    await env.clock.advance(60_000);
    expect(done).toEqual(['begin x', 'sent x', 'begin y', 'sent y']);
  });
});

test('in an action each call is a transaction of its own', async () => {
  await expect(call('fromAction')).rejects.toMatchObject({ code: 'conflict' });
  await env.clock.advance(600_000);
  expect(done).toEqual(['cancel true false', 'from an action']);
});

describe('what is refused when it is scheduled', () => {
  const { jobAheadMs, jobArgsBytes } = DEFAULT_JOB_LIMITS;

  test.each<[string, string, Json, number, string]>([
    ['a public function', 'open', {}, 0, 'invalid'],
    ['a query', 'look', {}, 0, 'invalid'],
    ['no function', 'nothing', {}, 0, 'not_found'],
    ['arguments that do not fit', 'note', { title: 7 }, 0, 'invalid'],
    ['[N3] a time too far ahead', 'note', { title: 'a' }, jobAheadMs + 1, 'invalid'],
    ['a time with fractions', 'note', { title: 'a' }, 0.5, 'invalid'],
  ])('%s', async (_, fn, args, inMs, code) => {
    await expect(later(fn, args, inMs)).rejects.toMatchObject({ code });
    expect(await pending()).toBe(0);
  });

  test('[N3] arguments larger than the limit', async () => {
    const to = (bytes: number) => ({ to: 'x'.repeat(bytes - '{"to":""}'.length) });
    await later('send', to(jobArgsBytes), 1000);
    await expect(later('send', to(jobArgsBytes + 1), 1000)).rejects.toMatchObject({ code: 'too_large' });
  });

  test('[N3] one more than may be pending; what ran or was cancelled makes room', async () => {
    await restart({ jobsPending: 2 });
    await later('note', { title: 'a' }, 1000);
    const second = await later('note', { title: 'b' }, 2000);
    await expect(later('note', { title: 'c' }, 1000)).rejects.toMatchObject({ code: 'overloaded' });
    await env.clock.advance(1000);
    await later('note', { title: 'c' }, 5000);
    await expect(later('note', { title: 'd' }, 1000)).rejects.toMatchObject({ code: 'overloaded' });
    await call('cancel', { id: second });
    await later('note', { title: 'd' }, 5000);
  });
});

describe('limits of the runner', () => {
  test('[N3] no more jobs run at once than the limit', async () => {
    await restart({ jobsAtOnce: 2 });
    for (const to of ['x', 'y', 'z']) await later('send', { to }, 0);
    await env.clock.advance(1000);
    expect([done, subject.jobs.size]).toEqual([['begin x', 'begin y'], 2]);
    release.resolve();
    await env.clock.advance(1);
    expect(done.at(-1)).toBe('sent z');
  });

  test('[N3] the oldest failed jobs are forgotten', async () => {
    await restart({ jobsFailedKept: 2 });
    const ids = [];
    for (const inMs of [1000, 2000, 3000]) ids.unshift(await later('bad', {}, inMs));
    await env.clock.advance(5000);
    expect((await env.clock.run(subject.jobs.failed())).map(({ id }) => id)).toEqual(ids.slice(0, 2));
    expect((await env.clock.run(rows())).length).toBe(2);
  });
});

describe('time', () => {
  test('[N3] a job may be years ahead, and no timer is longer than a host can wait', async () => {
    const after = env.clock.after.bind(env.clock);
    let longest = 0;
    env.clock.after = (ms, task) => {
      longest = Math.max(longest, ms);
      return after(ms, task);
    };
    await later('note', { title: 'a' }, 2 ** 31 + 5000);
    await env.clock.advance(2 ** 31 + 4000);
    expect(done).toEqual([]);
    await env.clock.advance(1000);
    expect(done).toEqual(['a']);
    expect(longest).toBe(MAX_TIMER_MS);
    await later('note', { title: 'b' }, DEFAULT_JOB_LIMITS.jobAheadMs);
  });

  test('one timer is armed for the next job, none without jobs, and the database is not asked meanwhile', async () => {
    await env.clock.advance(1);
    expect(env.clock.pending).toBe(0);
    const due = env.clock.now();
    await call('later', { fn: 'note', args: { title: 'b' }, due: due + 7_200_000 });
    await call('later', { fn: 'note', args: { title: 'a' }, due: due + 3_600_000 });
    await env.clock.advance(1);
    expect(env.clock.pending).toBe(1);
    const read = store.read.bind(store);
    let reads = 0;
    store.read = (work) => {
      reads++;
      return read(work);
    };
    await env.clock.advance(due + 3_599_999 - env.clock.now());
    expect(reads).toBe(0);
    await env.clock.advance(1);
    expect(done).toEqual(['a']);
    await env.clock.advance(3_600_000);
    expect([done, env.clock.pending]).toEqual([['a', 'b'], 0]);
  });

  test('a wall clock that was set back or forth is noticed within the hour', async () => {
    await later('note', { title: 'a' }, 24 * 3_600_000);
    env.clock.jump(24 * 3_600_000);
    await env.clock.advance(3_600_000);
    expect(done).toEqual(['a']);
    await later('note', { title: 'b' }, 1000);
    env.clock.jump(-60_000);
    await env.clock.advance(60_000);
    expect(done).toEqual(['a']);
    await env.clock.advance(1000);
    expect(done).toEqual(['a', 'b']);
  });
});

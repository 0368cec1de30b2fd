import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { deferred } from '../base/deferred.ts';
import { isFault } from '../base/fault.ts';
import { defineSchema } from '../schema/define-schema.ts';
import { entity } from '../schema/entity.ts';
import { field } from '../schema/field.ts';
import { aroundDriver } from '../testing/around-driver.ts';
import { simEnv } from '../testing/sim-env.ts';
import { TempDatabase } from '../testing/temp-database.ts';
import type { Commit } from './change-log.ts';
import type { JobContext } from './group-commit.ts';
import { Store, type StoreOptions } from './store.ts';

const Note = entity('Note', {
  title: field.string(),
  done: field.bool().default(false),
  tag: field.string().optional(),
});
const schema = defineSchema({ entities: [Note] });

let database: TempDatabase;
let env: ReturnType<typeof simEnv>;
let store: Store;

async function openStore(options: Partial<StoreOptions> = {}): Promise<Store> {
  const opened = new Store(env, { schema, drivers: database.open() }, options);
  await opened.open();
  return opened;
}

const run = <T>(promise: Promise<T>) => env.clock.run(promise);

const insert =
  (id: string, title = 'x') =>
  ({ tx }: JobContext) =>
    tx.insert('Note', { id, title, done: false, tag: null });
const titles = () =>
  store.read((snapshot) => snapshot.select({ entity: 'Note' })).then((rows) => rows.map((r) => r.id));

beforeEach(async () => {
  database = new TempDatabase();
  env = simEnv();
  store = await openStore();
});
afterEach(() => database.remove());

describe('writes', () => {
  test('[L1] seq grows by exactly one per writing transaction, and the log holds its images', async () => {
    const seen: Commit[] = [];
    store.onCommit((commits) => seen.push(...commits));
    const all = await run(
      Promise.all([store.write(insert('a')), store.write(insert('b')), store.write(insert('c'))]),
    );
    expect(all.map(({ seq }) => seq)).toEqual([1, 2, 3]);
    await run(store.write(({ tx }) => tx.update('Note', 'a', { title: 'y' })));
    expect(seen.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    const [last] = await store.read((snapshot) => snapshot.since(3, 10));
    expect(last).toEqual(seen[3]);
    expect(last?.changes).toEqual([
      {
        entity: 'Note',
        id: 'a',
        before: { id: 'a', title: 'x', done: false, tag: null },
        after: { id: 'a', title: 'y', done: false, tag: null },
      },
    ]);
  });

  test('[L1] a job that throws takes no seq and leaves no trace; its neighbours commit', async () => {
    const bad = store.write(async (job) => {
      await insert('bad')(job);
      throw new Error('no');
    });
    const results = await run(Promise.allSettled([store.write(insert('a')), bad, store.write(insert('b'))]));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(store.seq).toBe(2);
    expect(await titles()).toEqual(['a', 'b']);
  });

  test('[L1] what runs at the end of a job commits with it or not at all', async () => {
    const failing = store.write(async (job) => {
      await insert('a')(job);
      job.atEnd((seq) => {
        expect(seq).toBe(1);
        throw new Error('the ledger is broken');
      });
    });
    await expect(run(failing)).rejects.toThrow('the ledger is broken');
    expect(await titles()).toEqual([]);
    expect(store.seq).toBe(0);
  });

  test('[L2] tasks after the commit run in the order of their jobs, before any job resolves, and not for a failed one', async () => {
    const said: string[] = [];
    store.onCommit(() => said.push('news'));
    const write = (name: string, fails = false) =>
      store
        .write(async ({ tx, afterCommit }) => {
          afterCommit(() => said.push(`task ${name}`));
          if (name === 'b') await tx.insert('Note', { id: 'b', title: 'b', done: false, tag: null });
          if (fails) throw new Error('no');
        })
        .then(
          () => said.push(`done ${name}`),
          () => said.push(`failed ${name}`),
        );
    await run(Promise.all([write('a'), write('x', true), write('b')]));
    expect(said).toEqual(['news', 'task a', 'task b', 'done a', 'failed x', 'done b']);
  });

  test('[L6] a write that changes nothing appends nothing', async () => {
    await run(store.write(insert('a')));
    const same = await run(store.write(({ tx }) => tx.update('Note', 'a', { title: 'x' })));
    const undone = await run(
      store.write(async (job) => {
        await insert('b')(job);
        await job.tx.delete('Note', 'b');
      }),
    );
    expect([same.seq, undone.seq, store.seq]).toEqual([null, null, 1]);
  });

  test('[L7] a job over its deadline is rolled back and can write no more', async () => {
    store = await openStore({ deadlineMs: 100 });
    const gate = deferred<void>();
    let late: unknown;
    const slow = store.write(async (job) => {
      await insert('slow')(job);
      await gate.promise;
      await insert('late')(job).catch((error) => (late = error));
    });
    const next = store.write(insert('next'));
    await expect(run(slow)).rejects.toMatchObject({ code: 'timeout' });
    await run(next);
    gate.resolve();
    await env.clock.advance(0);
    expect(isFault(late, 'timeout')).toBe(true);
    expect(await titles()).toEqual(['next']);
  });

  test('[L7] a reader sees one moment, and the writer does not wait for it', async () => {
    await run(store.write(insert('a')));
    const gate = deferred<void>();
    const reading = store.read(async (snapshot) => {
      const before = await snapshot.select({ entity: 'Note' });
      await gate.promise;
      return [before.length, (await snapshot.select({ entity: 'Note' })).length];
    });
    await run(store.write(insert('b')));
    gate.resolve();
    expect(await run(reading)).toEqual([1, 1]);
    expect(await titles()).toEqual(['a', 'b']);
  });

  test('one more write than may wait is refused', async () => {
    store = await openStore({ maxWaiting: 2 });
    const writes = ['a', 'b', 'c'].map((id) => store.write(insert(id)));
    const results = await run(Promise.allSettled(writes));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    await expect(writes[2]).rejects.toMatchObject({ code: 'overloaded' });
  });

  test('a group holds no more jobs than maxGroup', async () => {
    store = await openStore({ maxGroup: 2 });
    const sizes: number[] = [];
    store.onCommit((commits) => sizes.push(commits.length));
    await run(Promise.all(['a', 'b', 'c', 'd', 'e'].map((id) => store.write(insert(id)))));
    expect(sizes).toEqual([2, 2, 1]);
  });

  test('a taken id is a conflict', async () => {
    await run(store.write(insert('a')));
    await expect(run(store.write(insert('a')))).rejects.toMatchObject({ code: 'conflict' });
  });

  test('[L8] when the COMMIT fails every job of the group fails, typed, and reads go on', async () => {
    const drivers = database.open();
    let broken = false;
    const writer = aroundDriver(drivers.writer, (run, sql) =>
      broken && sql === 'COMMIT' ? Promise.reject(new Error('disk')) : run(),
    );
    store = new Store(env, { schema, drivers: { ...drivers, writer } });
    await store.open();
    await run(store.write(insert('a')));
    broken = true;
    const results = await run(Promise.allSettled([store.write(insert('b')), store.write(insert('c'))]));
    for (const result of results)
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'storage' } });
    broken = false;
    expect(await titles()).toEqual(['a']);
    expect((await run(store.write(insert('d')))).seq).toBe(2);
  });
});

describe('the log', () => {
  test('[L4] nothing at or below the horizon is readable, also after a restart', async () => {
    for (const id of ['a', 'b', 'c']) await run(store.write(insert(id)));
    await run(store.trim(2));
    expect(store.horizon).toBe(2);
    await expect(store.read((snapshot) => snapshot.since(1, 10))).rejects.toMatchObject({
      code: 'stale_cursor',
    });
    expect((await store.read((snapshot) => snapshot.since(2, 10))).map(({ seq }) => seq)).toEqual([3]);
    await run(store.close());
    store = await openStore();
    expect([store.horizon, store.seq]).toEqual([2, 3]);
  });

  test('the epoch is kept by the database', async () => {
    const { epoch } = store;
    await run(store.close());
    store = await openStore();
    expect(store.epoch).toBe(epoch);
    expect(epoch).not.toBe('');
  });
});

describe('the schema at start', () => {
  test('a new column with a default is added to existing rows', async () => {
    await run(store.write(insert('a')));
    await run(store.close());
    const wider = entity('Note', {
      ...Note.fields,
      stars: field.int().default(3),
      more: field.json().optional(),
    });
    const drivers = database.open();
    const widened = new Store(env, { schema: defineSchema({ entities: [wider] }), drivers });
    await widened.open();
    const row = await widened.read((snapshot) => snapshot.get('Note', 'a'));
    expect(row).toMatchObject({ id: 'a', stars: 3, more: null });
  });

  test('an incompatible schema stops the start and says what to do', async () => {
    await run(store.close());
    const reopen = (fields: Parameters<typeof entity>[1]) =>
      new Store(env, {
        schema: defineSchema({ entities: [entity('Note', fields)] }),
        drivers: database.open(),
      }).open();
    await expect(reopen({ ...Note.fields, title: field.int() })).rejects.toThrow(
      'change kind of field Note.title',
    );
    await expect(reopen({ ...Note.fields, owner: field.id('User') })).rejects.toThrow('add field Note.owner');
    await expect(reopen({})).rejects.toMatchObject({
      code: 'invalid',
      message: expect.stringContaining('ternion migrate <app> --allow destructive'),
      data: { steps: ['drop field Note.title', 'drop field Note.done', 'drop field Note.tag'] },
    });
  });

  test('unique fields and unique indexes are kept by the database', async () => {
    const User = entity(
      'User',
      { email: field.string().unique(), team: field.string(), nick: field.string() },
      { indexes: [{ name: 'team_nick', fields: ['team', 'nick'], unique: true }] },
    );
    const other = new Store(env, {
      schema: defineSchema({ entities: [Note, User] }),
      drivers: database.open(),
    });
    await other.open();
    const add = (id: string, email: string, nick: string) =>
      run(other.write(({ tx }) => tx.insert('User', { id, email, team: 't', nick })));
    await add('1', 'a@x', 'a');
    await expect(add('2', 'a@x', 'b')).rejects.toMatchObject({ code: 'conflict' });
    await expect(add('3', 'b@x', 'a')).rejects.toMatchObject({ code: 'conflict' });
  });
});

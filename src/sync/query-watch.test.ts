import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { aroundDriver } from '../testing/around-driver.ts';
import { SimRandom } from '../testing/sim-random.ts';
import { TempDatabase } from '../testing/temp-database.ts';
import { app, handlers, ids, message, rowOf, schema } from './testing/rooms-app.ts';
import { type Watching, watching } from './testing/watching.ts';

let database: TempDatabase;
let on: Watching;
beforeEach(async () => {
  database = new TempDatabase();
  Object.assign(handlers, { runs: {}, slow: undefined });
  on = await watching(database, { schema, functions: app });
});
afterEach(() => database.remove());

const settle = () => on.env.clock.advance(1);
/** The runs that `act` causes. */
async function runsOf(act: () => Promise<unknown>): Promise<Record<string, number>> {
  await settle();
  handlers.runs = {};
  await act();
  await settle();
  return handlers.runs;
}

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
    handlers.slow = () => wait;
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

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Json } from '../base/json.ts';
import { MAX_RESULT_DEPTH } from '../functions/watched-queries.ts';
import { TempDatabase } from '../testing/temp-database.ts';
import { app, handlers, ids, message, schema } from './testing/rooms-app.ts';
import { type Watching, watching } from './testing/watching.ts';

let database: TempDatabase;
let on: Watching;
const begin = async (limits: Parameters<typeof watching>[2] = {}) => {
  on = await watching(database, { schema, functions: app }, limits);
};
beforeEach(async () => {
  database = new TempDatabase();
  Object.assign(handlers, { runs: {}, slow: undefined });
  await begin();
});
afterEach(() => database.remove());

const settle = () => on.env.clock.advance(1);

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

  test('a result that its handler goes on changing is compared as it was', async () => {
    const ada = on.watcher();
    ada.session.watch(1, 'kept', {});
    await on.put('Room', { id: 'a', name: 'A' });
    await on.put('Room', { id: 'b', name: 'B' });
    expect(ada.values.get(1)).toEqual(['a', 'b']);
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
    handlers.slow = () =>
      new Promise<void>((resolve) => {
        go = resolve;
      });
    ada.session.watch(1, 'slow', {});
    ada.session.watch(2, 'me', {});
    await settle();
    ada.session.setViewer({ userId: 'eve', kind: 'user', roles: [], name: null });
    handlers.slow = undefined;
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

  test('depth of the result', async () => {
    const ada = on.watcher();
    ada.session.watch(1, 'deep', { levels: MAX_RESULT_DEPTH });
    ada.session.watch(2, 'deep', { levels: MAX_RESULT_DEPTH + 1 });
    await settle();
    expect([...ada.values.keys(), ...ada.errors]).toEqual([1, [2, 'invalid']]);
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
      handlers.slow = () => new Promise<void>((resolve) => clock.after(ms, resolve));
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

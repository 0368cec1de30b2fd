import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Json } from '../base/json.ts';
import type { Transaction } from '../store/transaction.ts';
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

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { deferred } from '../base/deferred.ts';
import type { JsonObject } from '../base/json.ts';
import { defineSchema } from '../schema/define-schema.ts';
import { entity } from '../schema/entity.ts';
import { field } from '../schema/field.ts';
import { policy } from '../schema/policy-spec.ts';
import { TempDatabase } from '../testing/temp-database.ts';
import type { LiveLimits } from './limits.ts';
import type { Reader } from './testing/reader.ts';
import { type Synced, synced, viewerOf } from './testing/synced.ts';

const Note = entity(
  'Note',
  {
    roomId: field.string().default('a'),
    rank: field.int().default(0),
    ownerId: field.string().default('all'),
    secret: field.string().default('s').serverOnly(),
  },
  { sync: 'query' },
);
const Message = entity('Message', { roomId: field.string() }, { sync: 'query' });
const Member = entity('Member', { roomId: field.string(), userId: field.string() });
const Hidden = entity('Hidden', { text: field.string() }, { sync: 'none' });
const open = { allowRead: 'true' };
const schema = defineSchema({
  entities: [Note, Message, Member, Hidden],
  policies: [
    policy({ entity: 'Note', allowRead: "data.ownerId == 'all' || data.ownerId == auth.userId" }),
    policy({
      entity: 'Message',
      allowRead: 'exists(Member where row.roomId == data.roomId && row.userId == auth.userId)',
    }),
    policy({ entity: 'Member', ...open }),
    policy({ entity: 'Hidden', ...open }),
  ],
});

let database: TempDatabase;
let on: Synced;
beforeEach(() => {
  database = new TempDatabase();
});
afterEach(() => database.remove());

async function start(live: Partial<LiveLimits> = {}): Promise<void> {
  on = await synced(database, { schema, live });
}
async function ask(userId: string, ...queries: JsonObject[]) {
  const joined = await on.join(userId);
  for (const [i, query] of queries.entries()) joined.replica.subscribe(i + 1, query);
  await on.clock.advance(5);
  return joined;
}
/** What is read from now on is known to the reader only when the returned function has been called. */
function holdReads(): () => void {
  const { store } = on;
  const gate = deferred<void>();
  const read: typeof store.read = store.read.bind(store);
  store.read = async (work) => {
    const found = await read(work);
    await gate.promise;
    return found;
  };
  return () => {
    store.read = read;
    gate.resolve();
  };
}
const ids = (reader: Reader, id = 1) => [...reader.subscribed(id).keys()].sort();
const lastOps = (reader: Reader, id = 1) =>
  (
    reader
      .batches()
      .at(-1)
      ?.subs?.find((part) => part.id === id)?.ops ?? []
  ).map(({ kind, row_id }) => [kind, row_id]);
const remove = (...gone: string[]) =>
  on.write(async (tx) => {
    for (const id of gone) await tx.delete('Note', id);
  });
const ranked = (limit: number) => ({
  entity: 'Note',
  orderBy: [{ field: 'rank', direction: 'asc' }],
  limit,
});
const fill = (n: number) =>
  on.put('Note', ...Array.from({ length: n }, (_, i) => ({ id: `n${i}`, rank: i })));

describe('a subscription', () => {
  test('[S1] [S4] brings its rows, then what enters, changes and leaves, in the batch of the change', async () => {
    await start();
    await on.put('Note', { id: 'a' }, { id: 'b', roomId: 'b' }, { id: 'mine', ownerId: 'ada' });
    const { reader } = await ask('eve', { entity: 'Note', where: { roomId: 'a' } });
    expect(ids(reader)).toEqual(['a']);
    expect(reader.subscribed(1).get('a')).toEqual({ id: 'a', roomId: 'a', rank: 0, ownerId: 'all' });
    await on.write((tx) => tx.update('Note', 'b', { roomId: 'a' }));
    expect(lastOps(reader)).toEqual([['insert', 'b']]);
    await on.write((tx) => tx.update('Note', 'b', { rank: 5 }));
    expect(lastOps(reader)).toEqual([['update', 'b']]);
    await on.write((tx) => tx.update('Note', 'b', { ownerId: 'ada' }));
    expect(lastOps(reader)).toEqual([['delete', 'b']]);
    const before = reader.messages.length;
    await on.write((tx) => tx.update('Note', 'b', { rank: 6 })); // hidden: nobody hears
    await on.write((tx) => tx.update('Note', 'a', { secret: 'changed' }));
    expect(reader.messages).toHaveLength(before);
  });

  test('[S2] several in one batch, with the rows of the replica, and one op for each row of a COMMIT', async () => {
    await start();
    const { reader } = await ask('ada', { entity: 'Note' }, { entity: 'Note', where: { rank: 2 } });
    const before = reader.batches().length;
    await on.write(
      (tx) => tx.insert('Note', Note.parseInsert('a', { rank: 1 })),
      (tx) => tx.update('Note', 'a', { rank: 2 }),
      (tx) => tx.insert('Member', Member.parseInsert('m', { roomId: 'a', userId: 'ada' })),
    );
    const [batch, ...more] = reader.batches().slice(before);
    expect(more).toEqual([]);
    expect(batch?.ops.map(({ row_id }) => row_id)).toEqual(['m']);
    expect(batch?.subs?.map(({ id, ops }) => [id, ops?.map(({ kind, data }) => [kind, data?.rank])])).toEqual(
      [
        [1, [['insert', 2]]],
        [2, [['insert', 2]]],
      ],
    );
  });

  test('equal ones of equal audiences share a set; the last one to leave ends it', async () => {
    await start();
    const one = await ask('ada', { entity: 'Note' });
    const two = await ask('ada', { entity: 'Note', orderBy: [{ field: 'rank', direction: 'desc' }] });
    await ask('eve', { entity: 'Note' });
    expect(on.live.sets).toBe(2);
    one.replica.unsubscribe(1);
    expect(on.live.sets).toBe(2);
    two.replica.close();
    expect(on.live.sets).toBe(1);
    await on.put('Note', { id: 'a' });
    expect(ids(one.reader)).toEqual([]);
  });

  test('[S1] writes while its rows are read are in them or behind them', async () => {
    await start();
    await on.put('Note', { id: 'a', rank: 1 }, { id: 'b', rank: 2 });
    const { reader, replica } = await on.join('ada');
    const goOn = holdReads();
    replica.subscribe(1, { entity: 'Note' });
    replica.subscribe(2, ranked(2));
    await on.clock.advance(5);
    await on.put('Note', { id: 'c', rank: 0 });
    await remove('a');
    expect(reader.batches().some(({ subs }) => subs)).toBe(false);
    goOn();
    await on.clock.advance(5);
    expect([ids(reader), ids(reader, 2)]).toEqual([
      ['b', 'c'],
      ['b', 'c'],
    ]);
  });

  test.each([
    ['an unknown entity', { entity: 'Nothing' }, 'not_found'],
    ['an entity for functions alone', { entity: 'Hidden' }, 'not_found'],
    ['an entity of the replica', { entity: 'Member' }, 'invalid'],
    ['an unknown field', { entity: 'Note', where: { nothing: 1 } }, 'invalid'],
    ['[S4] a secret in where', { entity: 'Note', where: { secret: 's' } }, 'invalid'],
    [
      '[S4] a secret in a filter',
      { entity: 'Note', filter: { op: 'eq', field: 'secret', value: 's' } },
      'invalid',
    ],
    [
      '[S4] a secret in a range',
      { entity: 'Note', range: { op: 'gt', field: 'secret', value: 's' } },
      'invalid',
    ],
    [
      '[S4] a secret in an order',
      { entity: 'Note', orderBy: [{ field: 'secret', direction: 'asc' }] },
      'invalid',
    ],
    ['no query', { what: 1 }, 'invalid'],
  ])('%s is refused, and nothing else ends', async (_, query, code) => {
    await start();
    const { reader } = await ask('ada', query, { entity: 'Note' });
    expect(reader.messages.find(({ t }) => t === 'dropped')).toMatchObject({ id: 1, error: { code } });
    await on.put('Note', { id: 'a' });
    expect(ids(reader, 2)).toEqual(['a']);
  });

  test('a number that is in use is a broken protocol', async () => {
    await start();
    const { replica } = await ask('ada', { entity: 'Note' });
    expect(() => replica.subscribe(1, { entity: 'Note' })).toThrow('there already');
  });
});

describe('[S10] bounds', () => {
  const dropped = (reader: Reader) =>
    reader.messages.flatMap((m) => (m.t === 'dropped' ? [[m.id, m.error.code]] : []));

  test('subscriptions of a session', async () => {
    await start();
    const { reader } = await ask('ada', ...Array.from({ length: 11 }, () => ({ entity: 'Note' })));
    expect(dropped(reader)).toEqual([[11, 'overloaded']]);
  });

  test('rows of a subscription, at first and when it grows', async () => {
    await start({ maxSubscriptionRows: 2 });
    await fill(2);
    const { reader } = await ask('ada', { entity: 'Note' });
    expect(dropped(reader)).toEqual([]);
    await on.put('Note', { id: 'more' });
    expect(dropped(reader)).toEqual([[1, 'too_large']]);
    const late = await ask('ada', { entity: 'Note' }, ranked(2), ranked(3));
    expect(dropped(late.reader)).toEqual([
      [3, 'too_large'],
      [1, 'too_large'],
    ]);
    expect(ids(late.reader, 2)).toEqual(['more', 'n0']);
    expect(on.live.sets).toBe(1);
  });

  test('different queries', async () => {
    await start({ maxSets: 1 });
    const { reader } = await ask('ada', { entity: 'Note' }, { entity: 'Note' }, ranked(1));
    expect(dropped(reader)).toEqual([[3, 'overloaded']]);
  });

  test('rows that are held for limits', async () => {
    await start({ maxHeldRows: 12, reserveRows: 5 });
    const { reader, replica } = await ask('ada', ranked(7), ranked(1));
    expect(dropped(reader)).toEqual([[2, 'overloaded']]);
    replica.unsubscribe(1);
    replica.subscribe(3, ranked(7));
    await on.clock.advance(5);
    expect(dropped(reader)).toHaveLength(1);
  });

  test('what first rows amount to', async () => {
    await start({ maxFirstChars: 100 });
    await fill(1);
    const { reader } = await ask('ada', { entity: 'Note' }, { entity: 'Note', where: { rank: 0 } });
    expect(dropped(reader)).toEqual([[2, 'too_large']]);
    expect(ids(reader)).toEqual(['n0']);
  });
});

describe('a limit', () => {
  test('[S1] what leaves is followed by what slides in, in one batch', async () => {
    await start({ reserveRows: 2 });
    await fill(6);
    const { reader } = await ask('ada', ranked(2));
    expect(ids(reader)).toEqual(['n0', 'n1']);
    await remove('n0');
    expect(ids(reader)).toEqual(['n1', 'n2']);
    expect(lastOps(reader)).toEqual([
      ['delete', 'n0'],
      ['insert', 'n2'],
    ]);
    await on.put('Note', { id: 'first', rank: -1 });
    expect(ids(reader)).toEqual(['first', 'n1']);
  });

  test('[S4] when one transaction spends the reserve, what left goes at once and the rest follows', async () => {
    await start({ reserveRows: 1 });
    await fill(9);
    const { reader } = await ask('ada', ranked(3));
    const before = reader.batches().length;
    await remove('n0', 'n1', 'n2', 'n3');
    await on.clock.advance(5);
    const [first] = reader.batches().slice(before);
    expect(first?.subs?.[0]?.ops?.filter(({ kind }) => kind === 'delete')).toHaveLength(3);
    expect(ids(reader)).toEqual(['n4', 'n5', 'n6']);
  });

  test('members that come later get the rows that are held, without a read', async () => {
    await start();
    await fill(4);
    await ask('ada', ranked(2));
    const reads: string[] = [];
    const { read } = on.store;
    const { reader, replica } = await on.join('ada');
    on.store.read = (work) => {
      reads.push('read');
      return read.call(on.store, work) as ReturnType<typeof work>;
    };
    replica.subscribe(1, ranked(2));
    await on.clock.advance(5);
    expect(ids(reader)).toEqual(['n0', 'n1']);
    expect(reads).toEqual([]);
  });
});

describe('starting over', () => {
  test('[S10] a slow reader gets the whole sets anew, with the rows it missed', async () => {
    await start();
    const { reader, replica } = await ask('ada', { entity: 'Note' }, ranked(1));
    reader.room = 0;
    await fill(3);
    await remove('n0');
    expect(ids(reader)).toEqual([]);
    expect(on.live.sets).toBe(0); // nothing is held for it meanwhile
    reader.room = Number.POSITIVE_INFINITY;
    replica.drained();
    await on.clock.advance(5);
    expect(
      reader
        .batches()
        .at(-1)
        ?.subs?.map(({ rows }) => rows?.length),
    ).toEqual([2, 1]);
    expect(ids(reader)).toEqual(['n1', 'n2']);
    expect(ids(reader, 2)).toEqual(['n1']);
  });

  test('[S4] a commit while the log is read: the first batch brings the sets, too', async () => {
    await start();
    await fill(1);
    const { reader, replica } = await ask('ada', { entity: 'Note' });
    const before = reader.batches().length;
    const cursor = { epoch: replica.epoch, seq: replica.cursor };
    await on.put('Member', { id: 'm', roomId: 'a', userId: 'ada' });
    replica.start(cursor);
    await Promise.resolve();
    const goOn = holdReads();
    await on.clock.advance(5);
    await on.put('Note', { id: 'late', rank: 9 });
    goOn();
    await on.clock.advance(5);
    const batches = reader.batches().slice(before + 1); // the first one was live
    expect(batches.every(({ subs }) => subs !== undefined)).toBe(true);
    expect(ids(reader)).toEqual(['late', 'n0']);
  });

  test('[S8] another identity: its own rows, and nothing of the former', async () => {
    await start();
    await on.put('Note', { id: 'ada', ownerId: 'ada' }, { id: 'eve', ownerId: 'eve' });
    const { reader, replica } = await ask('ada', { entity: 'Note' });
    expect(ids(reader)).toEqual(['ada']);
    const before = reader.messages.length;
    replica.setViewer(viewerOf('eve'));
    await on.put('Note', { id: 'ada2', ownerId: 'ada' });
    await on.clock.advance(5);
    expect(ids(reader)).toEqual(['eve']);
    expect(JSON.stringify(reader.messages.slice(before))).not.toContain('"row_id":"ada');
  });

  test('[P4] membership shows and hides rows, in the batch of its change', async () => {
    await start();
    await on.put('Message', { id: 'x', roomId: 'a' }, { id: 'y', roomId: 'b' });
    const { reader } = await ask('ada', { entity: 'Message' });
    expect(ids(reader)).toEqual([]);
    await on.put('Member', { id: 'm', roomId: 'a', userId: 'ada' });
    expect(lastOps(reader)).toEqual([['insert', 'x']]);
    await on.write((tx) => tx.delete('Member', 'm'));
    expect(lastOps(reader)).toEqual([['delete', 'x']]);
    expect(reader.batches().at(-1)?.ops).toMatchObject([{ entity: 'Member', kind: 'delete' }]);
  });

  test('[P4] [S4] membership that is too much to look into starts the session over, in one batch', async () => {
    on = await synced(database, { schema, limits: { maxReached: 1 } });
    await on.put('Message', { id: 'x', roomId: 'a' }, { id: 'y', roomId: 'a' });
    await on.put('Member', { id: 'm', roomId: 'a', userId: 'ada' });
    const { reader } = await ask('ada', { entity: 'Message' });
    expect(ids(reader)).toEqual(['x', 'y']);
    const before = reader.batches().length;
    await on.write((tx) => tx.delete('Member', 'm'));
    await on.clock.advance(5);
    expect(reader.batches().slice(before)).toMatchObject([
      { ops: [{ entity: 'Member', kind: 'delete' }], subs: [{ id: 1, rows: [] }] },
    ]);
  });
});

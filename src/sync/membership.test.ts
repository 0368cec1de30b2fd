import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { defineSchema } from '../schema/define-schema.ts';
import { entity } from '../schema/entity.ts';
import { field } from '../schema/field.ts';
import { policy } from '../schema/policy-spec.ts';
import type { Transaction } from '../store/transaction.ts';
import { TempDatabase } from '../testing/temp-database.ts';
import type { SurveyLimits } from './limits.ts';
import { Reader } from './testing/reader.ts';
import { type Synced, synced, viewerOf } from './testing/synced.ts';

const Member = entity(
  'Member',
  {
    roomId: field.id('Room'),
    userId: field.id('User'),
    level: field.int().default(2),
    seen: field.int().default(0),
  },
  { indexes: [{ name: 'by_room', fields: ['roomId', 'userId'] }] },
);
const Message = entity('Message', { title: field.string().default(''), roomId: field.id('Room') });
const Notice = entity('Notice', { title: field.string().default('') });
const Switch = entity('Switch', { on: field.bool(), forUser: field.string() });
const Post = entity('Post', { title: field.string().default(''), byId: field.id('User') });
const Block = entity('Block', { byId: field.id('User'), userId: field.id('User') }, { sync: 'none' });

const schema = defineSchema({
  entities: [Member, Message, Notice, Switch, Post, Block],
  policies: [
    policy({
      entity: 'Message',
      allowRead:
        'exists(Member where row.roomId == data.roomId && row.userId == auth.userId && row.level >= 2)',
    }),
    policy({ entity: 'Notice', allowRead: 'exists(Switch where row.on && row.forUser == auth.userId)' }),
    policy({
      entity: 'Post',
      allowRead: '!exists(Block where row.byId == data.byId && row.userId == auth.userId)',
    }),
  ],
});

let database: TempDatabase;
beforeEach(() => {
  database = new TempDatabase();
});
afterEach(() => database.remove());

const begin = (limits?: Partial<SurveyLimits>) => synced(database, { schema, ...(limits && { limits }) });
const member = (roomId: string, userId: string, more = {}) => ({
  id: `${roomId}-${userId}`,
  roomId,
  userId,
  ...more,
});
const messages = (...ids: string[]) => ids.map((id) => ({ id, title: id, roomId: id[0]! }));
const update =
  (name: string, id: string, patch: Record<string, string | number | boolean>) => (tx: Transaction) =>
    tx.update(name, id, patch);
const remove = (name: string, id: string) => (tx: Transaction) => tx.delete(name, id);
const kinds = (reader: Reader) => reader.messages.map(({ t }) => t);
/** The operations of each batch that has some, with its end. */
const told = (reader: Reader) =>
  reader
    .batches()
    .filter(({ ops }) => ops.length > 0)
    .map(({ to, ops }) => [to, ...ops.map(({ kind, row_id }) => `${kind} ${row_id}`).sort()]);

describe('live', () => {
  test('[S4] [P4] who becomes a member gets the rows, who is none any more loses them, in the same batch', async () => {
    const all = await begin();
    await all.put('Message', ...messages('a1', 'a2', 'b1'));
    const [ada, eve] = [await all.join('ada'), await all.join('eve')];
    await all.put('Member', member('a', 'ada'));
    expect(ada.reader.rows()).toEqual({ a1: 'a1', a2: 'a2' });
    await all.put('Message', ...messages('a3', 'b2'));
    await all.write(remove('Member', 'a-ada'));
    expect(told(ada.reader)).toEqual([
      [2, 'insert a1', 'insert a2'],
      [3, 'insert a3'],
      [4, 'delete a1', 'delete a2', 'delete a3'],
    ]);
    expect(ada.reader.messages.filter(({ t }) => t === 'reset')).toHaveLength(1);
    expect(JSON.stringify(ada.reader.messages)).not.toMatch(/b1|b2/);
    expect(eve.reader.ops()).toEqual([]);
  });

  test('[P4] a level that rises or falls; a field that no policy reads turns nothing', async () => {
    const all = await begin();
    await all.put('Message', ...messages('a1'));
    await all.put('Member', member('a', 'ada', { level: 1 }));
    const { reader } = await all.join('ada');
    await all.write(update('Member', 'a-ada', { level: 2 }));
    await all.write(update('Member', 'a-ada', { seen: 5 }));
    await all.write(update('Member', 'a-ada', { level: 3 }));
    await all.write(update('Member', 'a-ada', { level: 0 }));
    expect(told(reader)).toEqual([
      [3, 'insert a1'],
      [6, 'delete a1'],
    ]);
  });

  test('[S4] a row that moves between rooms', async () => {
    const all = await begin();
    await all.put('Message', ...messages('a1'));
    await all.put('Member', member('a', 'ada'), member('b', 'eve'), member('a', 'both'), member('b', 'both'));
    const [ada, eve, both] = [await all.join('ada'), await all.join('eve'), await all.join('both')];
    await all.write(update('Message', 'a1', { roomId: 'b' }));
    expect(told(ada.reader)).toEqual([[3, 'delete a1']]);
    expect(told(eve.reader)).toEqual([[3, 'insert a1']]);
    expect(told(both.reader)).toEqual([[3, 'update a1']]);
  });

  test('[S4] a member moves to another room: the rows of one leave, those of the other enter', async () => {
    const all = await begin();
    await all.put('Message', ...messages('a1', 'b1'));
    await all.put('Member', member('a', 'ada'));
    const { reader } = await all.join('ada');
    await all.write(update('Member', 'a-ada', { roomId: 'b' }));
    expect(told(reader)).toEqual([[3, 'delete a1', 'insert b1']]);
  });

  test('[S4] row and member change in one transaction: only before and after count', async () => {
    const all = await begin();
    await all.put('Message', ...messages('a1', 'a2'));
    await all.put('Member', member('a', 'ada'));
    const { reader } = await all.join('ada');
    await all.write(async (tx) => {
      await tx.update('Message', 'a1', { title: 'after you left' });
      await tx.delete('Member', 'a-ada');
      await tx.insert('Message', Message.parseInsert('a3', { roomId: 'a' }));
    });
    expect(told(reader)).toEqual([[3, 'delete a1', 'delete a2']]);
    await all.write(async (tx) => {
      await tx.insert('Member', Member.parseInsert('again', { roomId: 'a', userId: 'ada' }));
      await tx.delete('Message', 'a2');
      await tx.update('Message', 'a1', { title: 'welcome' });
    });
    expect(told(reader).at(-1)).toEqual([4, 'insert a1', 'insert a3']);
    expect(JSON.stringify(reader.messages)).not.toContain('after you left');
  });

  test('[S4] each transaction of one COMMIT is seen with the members of its own moment', async () => {
    const all = await begin();
    await all.put('Message', ...messages('a1'));
    const { reader } = await all.join('ada');
    await all.write(
      update('Message', 'a1', { title: 'before' }),
      (tx) => tx.insert('Member', Member.parseInsert('m', { roomId: 'a', userId: 'ada' })),
      update('Message', 'a1', { title: 'while' }),
      remove('Member', 'm'),
      update('Message', 'a1', { title: 'after' }),
    );
    expect(reader.ops()).toEqual([
      ['insert', 'a1', 'before'],
      ['update', 'a1', 'while'],
      ['delete', 'a1', undefined],
    ]);
    expect(reader.batches().at(-1)).toMatchObject({ from: 1, to: 6 });
  });

  test('a second member row of the same user keeps the rows', async () => {
    const all = await begin();
    await all.put('Message', ...messages('a1'));
    await all.put('Member', member('a', 'ada'), { ...member('a', 'ada'), id: 'other' });
    const { reader } = await all.join('ada');
    await all.write(remove('Member', 'other'));
    expect(told(reader)).toEqual([]);
    await all.write(remove('Member', 'a-ada'));
    expect(told(reader)).toEqual([[4, 'delete a1']]);
  });

  test('[P4] !exists: a block hides, its end shows', async () => {
    const all = await begin();
    await all.put('Post', { id: 'p', byId: 'bob' }, { id: 'q', byId: 'eve' });
    const { reader } = await all.join('ada');
    await all.put('Block', { id: 'x', byId: 'bob', userId: 'ada' });
    await all.write(remove('Block', 'x'));
    expect(told(reader)).toEqual([
      [2, 'delete p'],
      [3, 'insert p'],
    ]);
  });

  test('[P4] an exists without a join: those whom it concerns start over, others hear nothing', async () => {
    const all = await begin();
    await all.put('Notice', { id: 'n', title: 'n' });
    const [ada, eve] = [await all.join('ada'), await all.join('eve')];
    const before = eve.reader.messages.length;
    await all.put('Switch', { id: 's', on: true, forUser: 'ada' });
    await all.clock.advance(10);
    expect(ada.reader.rows()).toEqual({ n: 'n' });
    expect(kinds(ada.reader).filter((t) => t === 'reset')).toHaveLength(2);
    await all.write(update('Switch', 's', { on: false }));
    await all.clock.advance(10);
    expect(ada.reader.rows()).toEqual({});
    expect(eve.reader.messages).toHaveLength(before);
  });
});

describe('limits', () => {
  const five = messages('a1', 'a2', 'a3', 'a4', 'a5');
  const rowsOf = (reader: Reader) => Object.keys(reader.rows()).sort();
  const resets = (reader: Reader) => kinds(reader).filter((t) => t === 'reset').length;

  test.each([
    [5, 1],
    [4, 2],
  ])('[P4] [S10] maxReached %i of 5: %i copies', async (maxReached, copies) => {
    const all = await begin({ maxReached });
    await all.put('Message', ...five);
    const [ada, eve] = [await all.join('ada'), await all.join('eve')];
    const before = eve.reader.messages.length;
    await all.put('Member', member('a', 'ada'));
    await all.clock.advance(10);
    expect(rowsOf(ada.reader)).toEqual(['a1', 'a2', 'a3', 'a4', 'a5']);
    expect(resets(ada.reader)).toBe(copies);
    await all.write(remove('Member', 'a-ada'));
    await all.clock.advance(10);
    expect(rowsOf(ada.reader)).toEqual([]);
    expect(eve.reader.messages).toHaveLength(before);
  });

  test.each([
    [3, 3, false],
    [2, 3, true],
    [2, 2, false],
  ])(
    'maxWitnesses %i, and of 50 members %i are here: they read the log by themselves: %s',
    async (maxWitnesses, here, resumed) => {
      const all = await begin({ maxWitnesses });
      const users = Array.from({ length: 50 }, (_, i) => `u${i}`);
      await all.put('Member', ...users.map((user) => member('a', user)));
      const readers = [];
      for (const user of [...users.slice(0, here), 'zoe']) readers.push(await all.join(user));
      let restarts = 0;
      for (const { replica } of readers) {
        const restart = replica.restart.bind(replica);
        replica.restart = () => {
          restarts++;
          restart();
        };
      }
      await all.put('Message', ...messages('a1', 'b1'));
      await all.clock.advance(10);
      for (const { reader } of readers.slice(0, here)) expect(rowsOf(reader)).toEqual(['a1']);
      expect(readers.at(-1)!.reader.rows()).toEqual({});
      for (const { reader } of readers) expect(resets(reader)).toBe(1);
      expect(restarts > 0).toBe(resumed);
    },
  );

  test('who comes while a transaction is under way, and was not counted among those here, reads the log', async () => {
    const all = await begin({ maxWitnesses: 1 });
    await all.put('Member', member('a', 'ada'), member('a', 'eve'));
    const [ada, late] = [await all.join('ada'), new Reader()];
    const replica = all.replicaOf(late, 'eve');
    const { survey } = all.fanOut;
    all.fanOut.survey = async (source, commit) => {
      await survey.call(all.fanOut, source, commit);
      all.fanOut.join(replica); // as a catch-up that ends between the survey and the COMMIT
    };
    await all.put('Message', ...messages('a1'));
    await all.clock.advance(10);
    expect(rowsOf(ada.reader)).toEqual(['a1']);
    expect(late.ops()).toEqual([['insert', 'a1', 'a1']]);
  });

  test('more to read than maxRead: a new copy, and right', async () => {
    const all = await begin({ maxRead: 3 });
    await all.put('Member', member('a', 'ada'));
    const { reader } = await all.join('ada');
    await all.put('Message', ...messages('a1', 'b1', 'c1', 'd1', 'e1'));
    await all.clock.advance(10);
    expect(rowsOf(reader)).toEqual(['a1']);
    expect(resets(reader)).toBe(2);
  });

  test.each([
    [60, 1],
    [20, 2],
  ])('a log that is maxLater (%i) longer than one look at it: %i copies', async (maxLater, copies) => {
    const all = await begin({ maxLater });
    await all.put('Member', member('a', 'ada'));
    const { reader, replica } = await all.join('ada');
    replica.close();
    const cursor = { epoch: replica.epoch, seq: replica.cursor };
    const texts = Array.from({ length: 250 }, (_, i) => ({ id: `a${i}`, title: 'x', roomId: 'a' }));
    for (const text of texts) await all.put('Message', text);
    await all.write(remove('Member', 'a-ada'));
    const again = await all.join('ada', cursor);
    await all.clock.advance(10);
    expect(again.reader.rows()).toEqual({});
    expect(resets(reader) + resets(again.reader)).toBe(copies);
    // Until she left, she was a member: the log tells it, however far behind it the news comes.
    expect(again.reader.ops().filter(([kind]) => kind === 'insert')).toHaveLength(copies === 1 ? 250 : 0);
  });
});

describe('catching up', () => {
  test('[S4] [S6] across changes of membership, with the members of each moment', async () => {
    const all = await begin();
    await all.put('Message', ...messages('a1', 'b1'));
    await all.put('Member', member('b', 'ada'));
    const first = await all.join('ada');
    first.replica.close();
    const cursor = { epoch: first.replica.epoch, seq: first.replica.cursor };
    await all.write(update('Message', 'a1', { title: 'not for ada' }));
    await all.write(remove('Member', 'b-ada'));
    await all.write(update('Message', 'b1', { title: 'not for ada' }));
    await all.put('Member', member('a', 'ada'), member('c', 'ada'));
    await all.write(update('Message', 'a1', { title: 'for ada' }));
    await all.put('Message', ...messages('c1'));
    await all.write(remove('Member', 'c-ada'));
    await all.put('Member', member('b', 'eve'));
    const { reader } = await all.join('ada', cursor);
    expect(kinds(reader)).toEqual(['batch']);
    expect(reader.ops()).toEqual([
      ['delete', 'b1', undefined],
      ['insert', 'a1', 'not for ada'],
      ['update', 'a1', 'for ada'],
      ['insert', 'c1', 'c1'],
      ['delete', 'c1', undefined],
    ]);
  });

  test('a slow reader who missed his own removal', async () => {
    const all = await begin();
    await all.put('Message', ...messages('a1', 'a2'));
    await all.put('Member', member('a', 'ada'));
    const { reader, replica } = await all.join('ada');
    reader.room = 0;
    await all.write(update('Message', 'a1', { title: 'A' }));
    await all.write(remove('Member', 'a-ada'));
    await all.write(update('Message', 'a2', { title: 'secret' }));
    reader.room = Number.POSITIVE_INFINITY;
    replica.drained();
    await all.clock.advance(10);
    expect(reader.rows()).toEqual({});
    expect(JSON.stringify(reader.messages)).not.toContain('secret');
  });
});

const USERS = ['ada', 'eve'];
const step = fc.record({
  entity: fc.constantFrom('Member', 'Member', 'Message', 'Message', 'Post', 'Block', 'Switch', 'Notice'),
  id: fc.constantFrom('1', '2', '3', '4'),
  room: fc.constantFrom('a', 'b'),
  user: fc.constantFrom(...USERS),
  level: fc.constantFrom(1, 2),
  gone: fc.boolean(),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Puts the row as the step says, or removes it. */
const perform =
  ({ entity: name, id: n, room, user, level, gone }: Step) =>
  async (tx: Transaction) => {
    const id = `${name}${n}`;
    const fields: Record<string, Record<string, string | number | boolean>> = {
      Member: { roomId: room, userId: user, level },
      Message: { title: `${room}${level}`, roomId: room },
      Post: { title: room, byId: room },
      Block: { byId: room, userId: user },
      Switch: { on: level === 2, forUser: user },
      Notice: { title: room },
    };
    const row = await tx.get(name, id);
    if (row && gone) await tx.delete(name, id);
    else if (row) await tx.update(name, id, fields[name]!);
    else if (!gone) await tx.insert(name, schema.entity(name).parseInsert(id, fields[name]));
  };

/** What each user may see after each transaction, as a query inside it says. */
class History {
  readonly #seen = new Map<string, Set<string>>();
  readonly #all: Synced;

  constructor(all: Synced) {
    this.#all = all;
  }

  async note(tx: Transaction, seq: number): Promise<void> {
    for (const user of USERS) {
      const ids = new Set<string>();
      for (const name of ['Message', 'Post', 'Notice']) {
        const rows = await tx.select({ entity: name }, this.#all.access.reads(name, viewerOf(user)).clause);
        for (const { id } of rows) ids.add(String(id));
      }
      this.#seen.set(`${seq} ${user}`, ids);
    }
  }

  /** Each operation is of a row that was to be seen at that very seq; a removal, right before it. */
  expectNoLeak(user: string, reader: Reader): void {
    for (const { ops } of reader.batches()) {
      for (const { kind, row_id, seq } of ops) {
        const seen = this.#seen.get(`${kind === 'delete' ? seq - 1 : seq} ${user}`);
        expect(seen, `${kind} ${row_id} at ${seq} to ${user}`).toContain(row_id);
      }
    }
  }
}

async function expectNaive(all: Synced, readers: Map<string, Reader>): Promise<void> {
  for (const [user, reader] of readers) {
    const ids = [];
    for (const name of ['Message', 'Post', 'Notice']) ids.push(...(await all.visible(user, name)));
    expect(Object.keys(reader.rows()).sort(), user).toEqual(ids.sort());
  }
}

test.each([
  ['no limit', {}],
  ['tight limits', { maxReached: 1, maxWitnesses: 1, maxRead: 6 }],
])(
  '[S1] [S4] [S6] whatever happens, readers have what a query returns, and hear of nothing else: %s',
  async (_, limits) => {
    const group = fc.array(fc.array(step, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(fc.array(group, { maxLength: 12 }), fc.nat(11), async (groups, pause) => {
        database.remove();
        database = new TempDatabase();
        const all = await begin(limits);
        const history = new History(all);
        all.store.surveyWith(async (tx, commit) => {
          await history.note(tx, commit.seq);
          await all.fanOut.survey(tx, commit);
        });
        const live = new Map<string, Reader>();
        for (const user of USERS) live.set(user, (await all.join(user)).reader);
        const sleeper = await all.join('ada');
        let cursor = { epoch: sleeper.replica.epoch, seq: 0 };
        for (const [i, jobs] of groups.entries()) {
          if (i === pause) {
            sleeper.replica.close();
            cursor = { epoch: sleeper.replica.epoch, seq: sleeper.replica.cursor };
          }
          await all.write(
            ...jobs.map((steps) => async (tx: Transaction) => {
              for (const one of steps) await perform(one)(tx);
            }),
          );
          await all.clock.advance(20);
          await expectNaive(all, live);
        }
        for (const [user, reader] of live) history.expectNoLeak(user, reader);
        if (pause >= groups.length) return;
        const { reader } = await all.join('ada', cursor);
        await all.clock.advance(20);
        const joined = new Reader();
        joined.messages.push(...sleeper.reader.messages, ...reader.messages);
        await expectNaive(all, new Map([['ada', joined]]));
        history.expectNoLeak('ada', joined);
      }),
      { numRuns: 60 },
    );
  },
  60_000,
);

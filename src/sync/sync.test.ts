import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Access } from '../policy/access.ts';
import type { Viewer } from '../policy/viewer.ts';
import type { Cursor } from '../protocol/row-batch.ts';
import { defineSchema } from '../schema/define-schema.ts';
import { entity } from '../schema/entity.ts';
import { field } from '../schema/field.ts';
import { policy } from '../schema/policy-spec.ts';
import { Store } from '../store/store.ts';
import { simEnv } from '../testing/sim-env.ts';
import { TempDatabase } from '../testing/temp-database.ts';
import { FanOut } from './fan-out.ts';
import { DEFAULT_LIVE, DEFAULT_SURVEY } from './limits.ts';
import { LiveRows } from './live-rows.ts';
import { PAGE_ROWS, Replica } from './replica.ts';
import { Surveyor } from './survey.ts';
import { Reader } from './testing/reader.ts';
import { Visibility } from './visibility.ts';

const Note = entity('Note', {
  title: field.string(),
  ownerId: field.string(),
  secret: field.string().default('').serverOnly(),
});
const Hidden = entity('Hidden', { text: field.string() }, { sync: 'none' });
const schema = defineSchema({
  entities: [Note, Hidden],
  policies: [
    policy({ entity: 'Note', allowRead: "data.ownerId == 'all' || data.ownerId == auth.userId" }),
    policy({ entity: 'Hidden', allowRead: 'true' }),
  ],
});

const viewer = (userId: string): Viewer => ({ userId, kind: 'user', roles: [], name: null });

let database: TempDatabase;
let env: ReturnType<typeof simEnv>;
let store: Store;
let fanOut: FanOut;
let live: LiveRows;

beforeEach(async () => {
  database = new TempDatabase();
  env = simEnv();
  store = new Store(env, { schema, drivers: database.open() });
  await store.open();
  live = new LiveRows(
    { env, schema, store, access: access(), visibility: visibility(), surveyor: surveyor() },
    DEFAULT_LIVE,
  );
  fanOut = new FanOut({ access: access(), visibility: visibility(), surveyor: surveyor(), live }, store.seq);
  store.onCommit((commits) => fanOut.commit(commits));
});
afterEach(() => database.remove());

const access = () => new Access(schema, () => env.clock.now());
const surveyor = () => new Surveyor({ schema, access: access() }, DEFAULT_SURVEY);
const visibility = () => new Visibility(schema, access());

function replicaOf(reader: Reader, userId = 'ada'): Replica {
  return new Replica(
    { env, store, fanOut, visibility: visibility(), surveyor: surveyor(), live, maxSubscriptions: 10 },
    reader,
    viewer(userId),
  );
}

async function joined(reader: Reader, cursor: Cursor | null = null, userId = 'ada'): Promise<Replica> {
  const replica = replicaOf(reader, userId);
  replica.start(cursor);
  await env.clock.advance(10);
  return replica;
}

async function insert(id: string, ownerId = 'all', title = id): Promise<void> {
  const done = store.write(({ tx }) => tx.insert('Note', { id, title, ownerId, secret: `secret of ${id}` }));
  await env.clock.advance(1);
  await done;
}

async function update(id: string, patch: Record<string, string>): Promise<void> {
  const done = store.write(({ tx }) => tx.update('Note', id, patch));
  await env.clock.advance(1);
  await done;
}

async function remove(id: string): Promise<void> {
  const done = store.write(({ tx }) => tx.delete('Note', id));
  await env.clock.advance(1);
  await done;
}

describe('catching up', () => {
  test('a fresh client gets a reset, pages, and a batch that closes the copy', async () => {
    for (let i = 0; i <= PAGE_ROWS; i++) await insert(`n${String(i).padStart(4, '0')}`);
    const reader = new Reader();
    await joined(reader);
    expect(reader.messages.map(({ t }) => t)).toEqual(['reset', 'page', 'page', 'page', 'batch']);
    expect(Object.keys(reader.rows())).toHaveLength(PAGE_ROWS + 1);
  });

  test('[S4] a copy reads what the viewer may see, in full pages', async () => {
    for (let i = 0; i < PAGE_ROWS + 20; i++)
      await insert(`n${String(i).padStart(4, '0')}`, i % 2 ? 'ada' : 'eve');
    const reader = new Reader();
    await joined(reader);
    expect(reader.messages.map(({ t }) => t)).toEqual(['reset', 'page', 'page', 'batch']);
    expect(Object.keys(reader.rows())).toHaveLength(PAGE_ROWS / 2 + 10);
  });

  test('[S6] resuming by cursor gives the state of a fresh client', async () => {
    await insert('a');
    await insert('b');
    const resumed = new Reader();
    const first = await joined(resumed);
    first.close();
    const cursor = { epoch: first.epoch, seq: first.cursor };
    await update('a', { title: 'A' });
    await remove('b');
    await insert('c');
    await joined(resumed, cursor);
    const fresh = new Reader();
    await joined(fresh);
    expect(resumed.rows()).toEqual({ a: 'A', c: 'c' });
    expect(fresh.rows()).toEqual(resumed.rows());
    expect(resumed.messages.filter(({ t }) => t === 'reset')).toHaveLength(1);
  });

  test.each<[string, (epoch: string) => Cursor]>([
    ['foreign', () => ({ epoch: 'another', seq: 1 })],
    ['future', (epoch) => ({ epoch, seq: 99 })],
    ['trimmed', (epoch) => ({ epoch, seq: 1 })],
  ])('a %s cursor is answered by a reset', async (_, cursorOf) => {
    for (const id of ['a', 'b', 'c']) await insert(id);
    const trimmed = store.trim(2);
    await env.clock.advance(1);
    await trimmed;
    const reader = new Reader();
    await joined(reader, cursorOf(replicaOf(reader).epoch));
    expect(reader.messages[0]).toMatchObject({ t: 'reset' });
    expect(reader.rows()).toEqual({ a: 'a', b: 'b', c: 'c' });
  });

  test('[S8] a cursor from before the viewer had other claims is answered by a reset', async () => {
    await insert('mine', 'ada');
    const first = await joined(new Reader());
    const cursor = { epoch: first.epoch, seq: first.cursor };
    const reader = new Reader();
    const promoted: Viewer = { ...viewer('ada'), roles: ['admin'] };
    new Replica(
      { env, store, fanOut, visibility: visibility(), surveyor: surveyor(), live, maxSubscriptions: 10 },
      reader,
      promoted,
    ).start(cursor);
    await env.clock.advance(10);
    expect(reader.messages[0]).toMatchObject({ t: 'reset' });
  });

  test('writes during the copy are in it or behind it, never lost', async () => {
    for (let i = 0; i < 3; i++) await insert(`a${i}`);
    const reader = new Reader();
    reader.room = 1; // the reset alone
    const replica = replicaOf(reader);
    replica.start(null);
    await env.clock.advance(1);
    await insert('b');
    await remove('a0');
    reader.room = Number.POSITIVE_INFINITY;
    replica.drained();
    await env.clock.advance(10);
    expect(reader.rows()).toEqual({ a1: 'a1', a2: 'a2', b: 'b' });
  });
});

describe('live', () => {
  test('[S2] batches join up at the cursor, however many commits were not for this viewer', async () => {
    const reader = new Reader();
    await joined(reader);
    await insert('a');
    await insert('not yours', 'eve');
    await insert('b');
    expect(reader.batches().map(({ from, to }) => [from, to])).toEqual([
      [0, 0],
      [0, 1],
      [1, 3],
    ]);
    expect(reader.rows()).toEqual({ a: 'a', b: 'b' });
  });

  test('[S4] what a viewer may not see is never named; entering is an insert, leaving a delete in the same batch', async () => {
    const reader = new Reader();
    await joined(reader);
    await insert('x', 'eve');
    await update('x', { title: 'still hers' });
    await update('x', { ownerId: 'ada' });
    await update('x', { title: 'mine' });
    await update('x', { ownerId: 'eve' });
    await remove('x');
    expect(reader.ops()).toEqual([
      ['insert', 'x', 'still hers'],
      ['update', 'x', 'mine'],
      ['delete', 'x', undefined],
    ]);
    expect(JSON.stringify(reader.messages)).not.toContain('eve');
  });

  test('[S4] server-only fields never leave, not even as an empty update', async () => {
    const reader = new Reader();
    await joined(reader);
    await insert('a');
    await update('a', { secret: 'changed' });
    expect(reader.ops()).toEqual([['insert', 'a', 'a']]);
    expect(JSON.stringify(reader.messages)).not.toContain('secret');
  });

  test('entities outside the replica are not sent', async () => {
    const reader = new Reader();
    await joined(reader);
    const done = store.write(({ tx }) => tx.insert('Hidden', { id: 'h', text: 'x' }));
    await env.clock.advance(1);
    await done;
    expect(reader.ops()).toEqual([]);
  });

  test('[S7] a writer gets an empty batch up to his own seq', async () => {
    const reader = new Reader();
    const replica = await joined(reader);
    await insert('x', 'eve');
    replica.ensure(1);
    replica.ensure(1);
    expect(reader.batches().map(({ from, to, ops }) => [from, to, ops.length])).toEqual([
      [0, 0, 0],
      [0, 1, 0],
    ]);
  });

  test('[S10] a slow reader costs no memory: his batches are dropped and read from the log again', async () => {
    const reader = new Reader();
    const replica = await joined(reader);
    reader.room = 0;
    for (let i = 0; i < 20; i++) await insert(`n${i}`);
    expect(reader.rows()).toEqual({});
    reader.room = Number.POSITIVE_INFINITY;
    replica.drained();
    await env.clock.advance(10);
    expect(Object.keys(reader.rows())).toHaveLength(20);
    await insert('later');
    expect(reader.rows()).toHaveProperty('later');
  });

  test('[S8] a change of identity voids the copy', async () => {
    await insert('mine', 'ada');
    await insert('hers', 'eve');
    const reader = new Reader();
    const replica = await joined(reader);
    expect(reader.rows()).toEqual({ mine: 'mine' });
    replica.setViewer(viewer('eve'));
    await env.clock.advance(10);
    expect(reader.rows()).toEqual({ hers: 'hers' });
    const before = reader.messages.length;
    replica.setViewer(viewer('eve'));
    await env.clock.advance(10);
    expect(reader.messages).toHaveLength(before);
  });

  test('equal viewers share one encoding: the very same text', async () => {
    const texts: string[][] = [[], [], []];
    const readers = texts.map((list) => ({
      send: (text: string) => {
        list.push(text);
        return true;
      },
      dropped: () => {},
    }));
    for (const [i, userId] of ['ada', 'ada', 'eve'].entries()) {
      new Replica(
        { env, store, fanOut, visibility: visibility(), surveyor: surveyor(), live, maxSubscriptions: 10 },
        readers[i]!,
        viewer(userId),
      ).start(null);
    }
    await env.clock.advance(10);
    expect(fanOut.audiences).toBe(2);
    await insert('a', 'ada');
    expect(texts[0]!.at(-1)).toContain('"row_id":"a"');
    expect(texts[1]!.at(-1)).toBe(texts[0]!.at(-1));
    expect(texts[2]!.join()).not.toContain('"row_id":"a"');
  });

  test('a closed replica gets nothing more and is in no audience', async () => {
    const reader = new Reader();
    const replica = await joined(reader);
    replica.close();
    await insert('a');
    expect(reader.rows()).toEqual({});
    expect(fanOut.audiences).toBe(0);
  });
});

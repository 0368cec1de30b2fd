import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LogFields } from '../base/env.ts';
import { Access } from '../policy/access.ts';
import type { Viewer } from '../policy/viewer.ts';
import { defineSchema } from '../schema/define-schema.ts';
import { entity } from '../schema/entity.ts';
import { field } from '../schema/field.ts';
import { MAX_FILTER_SIZE } from '../schema/filter.ts';
import { policy } from '../schema/policy-spec.ts';
import { MAX_CURSOR_CHARS, MAX_PAGE_ROWS } from '../schema/validator.ts';
import { MAX_SCAN_ROWS } from '../store/scan.ts';
import type { SqlDriver } from '../store/sql-driver.ts';
import { Store } from '../store/store.ts';
import { aroundDriver } from '../testing/around-driver.ts';
import { simEnv } from '../testing/sim-env.ts';
import { TempDatabase } from '../testing/temp-database.ts';
import { DbWriter } from './db-writer.ts';
import { MAX_TAKE, type Page } from './row-query.ts';

const Note = entity(
  'Note',
  {
    slug: field.string().unique(),
    authorId: field.id('User'),
    at: field.datetime().optional(),
    status: field.enum('draft', 'live').default('live'),
    secret: field.string().optional().serverOnly(),
    born: field.int().default(0).readonly(),
  },
  {
    indexes: [
      { name: 'by_author', fields: ['authorId', 'at'] },
      { name: 'by_secret', fields: ['secret'] },
      { name: 'by_status', fields: ['status'] },
    ],
  },
);
const allowRead = "data.status == 'live'";
const policies = [policy({ entity: 'Note', allowRead, allowInsert: 'true', allowUpdate: 'data.born < 9' })];
const schema = defineSchema({ entities: [Note], policies });
const viewer: Viewer = { userId: 'ada', kind: 'user', roles: [], name: null };
type Db = DbWriter<typeof schema>;

let database: TempDatabase;
let env: ReturnType<typeof simEnv>;
let store: Store;
let elevations: LogFields[] = [];
/** The last statement that read rows in number. */
let last: Parameters<SqlDriver['lists']> = [''];

beforeEach(async () => {
  database = new TempDatabase();
  env = simEnv();
  elevations = [];
  const { writer, reader } = database.open();
  const watched = aroundDriver(writer, (run, sql, params) => {
    if (/^SELECT (?!1 )/.test(sql)) last = [sql, params];
    return run();
  });
  store = new Store(env, { schema, drivers: { writer: watched, reader } });
  await store.open();
});
afterEach(() => database.remove());

function within<T>(work: (db: Db) => Promise<T>): Promise<T> {
  const access = new Access(schema, () => 0);
  const onElevated = (reason: string) => void elevations.push({ reason });
  const done = store.write(({ tx }) =>
    work(new DbWriter<typeof schema>(tx, { schema, access, viewer, onElevated, newId: () => 'new' })),
  );
  return env.clock.run(done).then(({ value }) => value);
}
const add = (db: Db, id: string, at: number | null, more: object = {}) =>
  db.insert('Note', { id, slug: id, authorId: 'ada', at, ...more });
const ids = (rows: readonly { id: string }[]) => rows.map(({ id }) => id).join('');
const codeOf = (work: (db: Db) => unknown) =>
  within(async (db) => {
    await work(db);
    return 'ok';
  }).catch((error) => error.code);

async function some(db: Db): Promise<void> {
  await add(db, 'e', 3);
  await add(db, 'a', null);
  await add(db, 'd', 2);
  await add(db, 'b', 2);
  await add(db, 'c', 2, { status: 'draft' });
  await add(db, 'z', 2, { authorId: 'eve' });
}

describe('withIndex', () => {
  test('gives a part of the index in its order, ties by id', async () => {
    await within(some);
    await within(async (db) => {
      const all = db.query('Note').withIndex('by_author', (q) => q.eq('authorId', 'ada'));
      expect(ids(await all.take(9))).toBe('abde');
      expect(ids(await all.order('desc').take(9))).toBe('edba');
      expect(ids(await db.query('Note').withIndex('by_author').take(9))).toBe('abdez');
      const part = db
        .query('Note')
        .withIndex('by_author', (q) => q.eq('authorId', 'ada').gte('at', 2).lt('at', 3));
      expect(ids(await part.take(9))).toBe('bd');
      const open = db.query('Note').withIndex('by_author', (q) => q.gt('authorId', 'ada'));
      expect(ids(await open.take(9))).toBe('z');
      expect(
        (
          await db
            .query('Note')
            .withIndex('unique_slug', (q) => q.eq('slug', 'd'))
            .unique()
        )?.id,
      ).toBe('d');
      const nulls = db.query('Note').withIndex('by_author', (q) => q.eq('authorId', 'ada').eq('at', null));
      expect(ids(await nulls.take(9))).toBe('a');
    });
  });

  test('takes nothing but an equality prefix and one range', async () => {
    const refused = (work: (q: never) => unknown) =>
      codeOf((db) => db.query('Note').withIndex('by_author', work as never));
    type Q = Record<'eq' | 'lt' | 'lte' | 'gt' | 'gte', (field: string, value: unknown) => Q>;
    const ranges: ((q: Q) => unknown)[] = [
      (q) => q.eq('at', 1),
      (q) => q.gt('at', 1),
      (q) => q.eq('authorId', 'a').eq('authorId', 'b'),
      (q) => q.eq('authorId', 'a').eq('at', 1).eq('at', 1),
      (q) => q.eq('authorId', 'a').eq('at', 1).lt('at', 1),
      (q) => q.gt('authorId', 'a').eq('at', 1),
      (q) => q.gt('authorId', 'a').gte('authorId', 'b'),
      (q) => q.gt('authorId', 'a').lt('at', 1),
      (q) => q.eq('authorId', undefined),
      () => ({ conditions: [{ op: 'eq', field: 'status', value: 'live' }] }),
    ];
    for (const range of ranges) expect(await refused(range as never), String(range)).toBe('invalid');
    expect(await codeOf((db) => db.query('Note').withIndex('nothing' as never))).toBe('invalid');
    expect(await codeOf((db) => db.query('Note').withIndex('unique_at' as never))).toBe('invalid');
    expect(await codeOf((db) => db.query('Note').order('at').withIndex('by_author'))).toBe('invalid');
    const sorted = (db: Db) =>
      (db.query('Note').withIndex('by_author') as never as { order(f: string): void }).order('at');
    expect(await codeOf(sorted)).toBe('invalid');
  });

  test('enters the index at the range, or behind the cursor, and sorts nothing there', async () => {
    await within(some);
    const plan = async () => {
      const [sql, params] = last;
      const steps = await store.read((snapshot) => snapshot.all(`EXPLAIN QUERY PLAN ${sql}`, params));
      return steps.map(({ detail }) => detail);
    };
    const all = (db: Db) => db.query('Note').withIndex('by_author', (q) => q.eq('authorId', 'ada'));
    await within((db) => all(db).order('desc').take(5));
    expect(await plan()).toEqual(['SEARCH Note USING INDEX Note__by_author (authorId=?)']);
    const { cursor } = await within((db) => all(db).paginate({ cursor: null, size: 2 }));
    await within((db) => all(db).paginate({ cursor, size: 2 }));
    expect((await plan())[1]).toBe('SEARCH Note USING INDEX Note__by_author (authorId=? AND at>?)');
  });
});

describe('results', () => {
  test('filters are joined by and', async () => {
    await within(some);
    await within(async (db) => {
      const two = db.query('Note').filter((q) => q.in('at', [2, 3]));
      expect(ids(await two.take(9))).toBe('bdez');
      expect(
        ids(
          await two
            .filter((q) => q.not(q.eq('authorId', 'eve')))
            .order('desc')
            .take(9),
        ),
      ).toBe('edb');
      const twice = two.filter((q) => q.or(q.startsWith('slug', 'z'), q.gt('at', 2)));
      expect(ids(await twice.filter((q) => q.lt('at', 3)).take(9))).toBe('z');
    });
  });

  test('unique is one, none or a conflict', async () => {
    await within(some);
    expect(await codeOf((db) => db.query('Note').where({ at: 2 }).unique())).toBe('conflict');
    expect(await within((db) => db.query('Note').where({ at: 7 }).unique())).toBeNull();
    expect((await within((db) => db.query('Note').where({ at: 3 }).unique()))?.id).toBe('e');
  });

  test('[S4] a count is one of visible rows', async () => {
    await within(some);
    expect(await within((db) => db.query('Note').where({ at: 2 }).count())).toBe(3);
    expect(
      await within((db) =>
        db
          .query('Note')
          .filter((q) => q.gt('at', 2))
          .count(),
      ),
    ).toBe(1);
    expect(await within((db) => db.query('Note').where({ at: 7 }).count())).toBe(0);
  });

  test('[N3] collect returns everything or nothing', async () => {
    await within(some);
    expect(await within((db) => db.query('Note').collect({ max: 5 }))).toHaveLength(5);
    expect(await codeOf((db) => db.query('Note').collect({ max: 4 }))).toBe('too_large');
    expect(await codeOf((db) => db.query('Note').collect({ max: MAX_TAKE }))).toBe('ok');
    expect(await codeOf((db) => db.query('Note').collect({ max: MAX_TAKE + 1 }))).toBe('invalid');
  });

  test('[N3] a take is bounded', async () => {
    expect(await codeOf((db) => db.query('Note').take(MAX_TAKE))).toBe('ok');
    for (const limit of [MAX_TAKE + 1, -1, 0.5]) {
      expect(await codeOf((db) => db.query('Note').take(limit))).toBe('invalid');
    }
  });

  test('[N3] the largest filter runs, and a larger one does not', async () => {
    const run = (size: number) =>
      codeOf((db) =>
        db
          .query('Note')
          .filter((q) => q.and(...Array.from({ length: size - 1 }, (_, i) => q.gte('at', i - size))))
          .count(),
      );
    expect(await run(MAX_FILTER_SIZE)).toBe('ok');
    expect(await run(MAX_FILTER_SIZE + 1)).toBe('invalid');
  });

  test('[N3] a count and a page look at a bounded number of rows', async () => {
    const fill = (from: number, to: number) =>
      env.clock.run(
        store.write(({ tx }) =>
          tx.run(
            `WITH RECURSIVE n(i) AS (SELECT ? UNION ALL SELECT i + 1 FROM n WHERE i < ?)
             INSERT INTO "Note" ("id", "slug", "authorId", "status") SELECT 'n' || i, i, 'ada', 'draft' FROM n`,
            [from, to],
          ),
        ),
      );
    const page = (db: Db) => db.query('Note').paginate({ cursor: null, size: 3 });
    const author = (db: Db) => db.query('Note').withIndex('by_author', (q) => q.eq('authorId', 'eve'));
    await fill(1, MAX_SCAN_ROWS);
    expect(await within((db) => db.query('Note').count())).toBe(0);
    expect(await within(page)).toEqual({ rows: [], cursor: null, done: true });
    await fill(MAX_SCAN_ROWS + 1, MAX_SCAN_ROWS + 1);
    expect(await codeOf((db) => db.query('Note').count())).toBe('too_large');
    expect(await codeOf(page)).toBe('too_large');
    expect(await within((db) => author(db).count())).toBe(0);
    expect((await within((db) => author(db).paginate({ cursor: null, size: 3 }))).done).toBe(true);
  });
});

describe('paginate', () => {
  const read = (db: Db) =>
    db
      .query('Note')
      .withIndex('by_author', (q) => q.eq('authorId', 'ada'))
      .order('desc');

  test('[Q5] pages put together are the whole, while rows come, go and move', async () => {
    await within(async (db) => {
      for (let i = 0; i < 60; i++) {
        await add(db, `n${i}`, i % 7 === 0 ? null : i % 10, i % 3 === 0 ? { status: 'draft' } : {});
      }
    });
    const whole = await within((db) => read(db).take(99));
    const moved = new Set<string>();
    const seen: string[] = [];
    let cursor: string | null = null;
    for (let step = 0; ; step++) {
      const page: Page<{ id: string }> = await within((db) => read(db).paginate({ cursor, size: 7 }));
      seen.push(...page.rows.map(({ id }) => id));
      if (page.done) break;
      cursor = page.cursor;
      await within(async (db) => {
        await add(db, `x${step}`, 99); // before all pages
        const gone = page.rows.at(-1)!.id; // the very row that the cursor was made of
        await db.update('Note', gone, { at: step % 2 ? null : 98, status: step % 3 ? 'live' : 'draft' });
        moved.add(gone).add(`x${step}`);
      });
    }
    const still = seen.filter((id) => !moved.has(id));
    expect(still).toEqual(whole.map(({ id }) => id).filter((id) => !moved.has(id)));
    expect(still.length).toBeGreaterThan(30);
  });

  test('the last page knows that it is the last', async () => {
    await within(some);
    const first = await within((db) => read(db).paginate({ cursor: null, size: 2 }));
    expect([ids(first.rows), first.done]).toEqual(['ed', false]);
    const last = await within((db) => read(db).paginate({ cursor: first.cursor, size: 2 }));
    expect([ids(last.rows), last.done, last.cursor]).toEqual(['ba', true, null]);
  });

  test('[Q5] a page with `until` is all up to there, however much has come', async () => {
    await within(some);
    const first = await within((db) => read(db).paginate({ cursor: null, size: 2 }));
    const pinned = { cursor: null, size: 1, until: first.cursor! };
    expect(await within((db) => read(db).paginate(pinned))).toEqual(first);
    await within((db) => add(db, 'x', 99));
    const now = await within((db) => read(db).paginate(pinned));
    expect([ids(now.rows), now.cursor, now.done]).toEqual(['xed', first.cursor, false]);
    const empty = { cursor: first.cursor, size: 1, until: first.cursor! };
    expect(await within((db) => read(db).paginate(empty))).toEqual({
      rows: [],
      cursor: first.cursor,
      done: false,
    });
    expect(await codeOf((db) => read(db).paginate({ ...pinned, until: 'x' }))).toBe('invalid');
  });

  test('[N3] a page with `until` ends early above MAX_PAGE_ROWS, and says where', async () => {
    const slugs = (db: Db) => db.query('Note').order('at');
    await within((db) =>
      add(db, 'a', 1)
        .then(() => add(db, 'z', 2))
        .then(() => add(db, 'zz', 3)),
    );
    const { cursor: until } = await within((db) => slugs(db).paginate({ cursor: null, size: 2 }));
    await within(async (db) => {
      for (let i = 0; i < MAX_PAGE_ROWS - 2; i++) await add(db, `b${i}`, 1);
    });
    const whole = { cursor: null, size: 1, until: until! };
    const full = await within((db) => slugs(db).paginate(whole));
    expect([full.rows.length, full.cursor]).toEqual([MAX_PAGE_ROWS, until]);
    await within((db) => add(db, 'c', 1));
    const early = await within((db) => slugs(db).paginate(whole));
    expect([early.rows.length, early.cursor === until]).toEqual([MAX_PAGE_ROWS, false]);
    const rest = await within((db) => slugs(db).paginate({ ...whole, cursor: early.cursor }));
    expect([ids(rest.rows), rest.cursor]).toEqual(['z', until]);
  });

  test('[N1] a cursor that this query did not give out is refused', async () => {
    await within(some);
    const { cursor } = await within((db) => read(db).paginate({ cursor: null, size: 1 }));
    const use = (bad: string) => codeOf((db) => read(db).paginate({ cursor: bad, size: 1 }));
    const parts = JSON.parse(Buffer.from(cursor!, 'base64url').toString());
    const forged = (...values: unknown[]) => Buffer.from(JSON.stringify(values)).toString('base64url');
    expect(await use(cursor!)).toBe('ok');
    expect(await use(forged(...parts))).toBe('ok');
    const bad = [
      '',
      '!',
      `${cursor}A`,
      forged(),
      forged(parts[0]),
      forged(...parts, 'x'),
      forged(parts[0], 'x', 'a'),
      forged(parts[0], 1, null),
      forged('other', ...parts.slice(1)),
      Buffer.from([255]).toString('base64url'),
      Buffer.from('null').toString('base64url'),
      'A'.repeat(MAX_CURSOR_CHARS + 1),
    ];
    for (const text of bad) expect(await use(text), text).toBe('invalid');
    const other = (db: Db) => db.query('Note').withIndex('by_author').paginate({ cursor, size: 1 });
    expect(await codeOf(other)).toBe('invalid');
  });

  test('[S4] a cursor carries nothing that never leaves the server', async () => {
    const by = (db: Db) => db.query('Note').withIndex('by_secret').paginate({ cursor: null, size: 1 });
    expect(await codeOf(by)).toBe('invalid');
    await within(some);
    const { cursor } = await within((db) => db.query('Note').order('at').paginate({ cursor: null, size: 2 }));
    const [, at, id] = JSON.parse(Buffer.from(cursor!, 'base64url').toString());
    expect([at, id]).toEqual([2, 'b']);
  });

  test('[N3] pages are bounded, and so are cursors', async () => {
    const run = (size: number) => codeOf((db) => db.query('Note').paginate({ cursor: null, size }));
    expect(await run(MAX_PAGE_ROWS)).toBe('ok');
    for (const size of [0, MAX_PAGE_ROWS + 1, 1.5]) expect(await run(size)).toBe('invalid');
    const long = 'x'.repeat(MAX_CURSOR_CHARS);
    await within((db) => add(db, 'a', 1, { slug: long }).then(() => add(db, 'b', 1, { slug: `${long}y` })));
    const bySlug = (db: Db) => db.query('Note').order('slug').paginate({ cursor: null, size: 1 });
    expect(await codeOf(bySlug)).toBe('too_large');
  });
});

describe('writing', () => {
  test('replace writes the whole row, and keeps what is readonly', async () => {
    await within((db) => add(db, 'a', 1, { secret: 's', born: 3 }));
    const row = await within((db) => db.replace('Note', 'a', { slug: 'b', authorId: 'eve' }));
    const expected = { id: 'a', slug: 'b', authorId: 'eve', at: null, status: 'live', secret: null, born: 3 };
    expect(row).toEqual(expected);
    expect(await within((db) => db.get('Note', 'a'))).toEqual(expected);
    const twice = (born: number) => (db: Db) => db.replace('Note', 'a', { slug: 'b', authorId: 'eve', born });
    expect(await codeOf(twice(3))).toBe('ok');
    expect(await codeOf(twice(4))).toBe('invalid');
    expect(await codeOf((db) => db.replace('Note', 'a', { slug: 'b' } as never))).toBe('invalid');
    expect(await codeOf((db) => db.replace('Note', 'no', { slug: 'b', authorId: 'eve' }))).toBe('not_found');
  });

  test('[P3] replace asks as update does', async () => {
    await within((db) => add(db, 'a', 1, { born: 9 }));
    expect(await codeOf((db) => db.replace('Note', 'a', { slug: 'b', authorId: 'eve' }))).toBe('forbidden');
    await within((db) => add(db, 'b', 1, { status: 'draft' }));
    expect(await codeOf((db) => db.replace('Note', 'b', { slug: 'b', authorId: 'eve' }))).toBe('not_found');
  });

  test('[P3] elevated is the only way round, for a reason', async () => {
    await within((db) => add(db, 'a', 1, { status: 'draft', born: 9 }));
    expect(await within((db) => db.get('Note', 'a'))).toBeNull();
    expect(elevations).toEqual([]);
    const title = await within(async (db) => {
      const all = db.elevated('moderation');
      expect(await all.query('Note').count()).toBe(1);
      await all.update('Note', 'a', { slug: 'seen' });
      const row = await all.get('Note', 'a');
      await all.delete('Note', 'a');
      return row?.slug;
    });
    expect(title).toBe('seen');
    expect(elevations).toEqual([{ reason: 'moderation' }]);
    expect(await codeOf((db) => db.elevated(' '))).toBe('invalid');
    expect(elevations).toHaveLength(1);
  });
});

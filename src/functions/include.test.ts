import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Access } from '../policy/access.ts';
import type { Viewer } from '../policy/viewer.ts';
import { defineSchema } from '../schema/define-schema.ts';
import { entity } from '../schema/entity.ts';
import { field } from '../schema/field.ts';
import { policy } from '../schema/policy-spec.ts';
import { Store } from '../store/store.ts';
import { simEnv } from '../testing/sim-env.ts';
import { TempDatabase } from '../testing/temp-database.ts';
import { DbReader } from './db-reader.ts';
import { MAX_INCLUDE_DEPTH, MAX_INCLUDED_ROWS } from './include.ts';
import type { RowSource } from './row-source.ts';

const User = entity('User', { name: field.string(), hidden: field.bool().default(false) });
const Post = entity('Post', {
  title: field.string(),
  authorId: field.id('User').optional(),
  editorId: field.id('User').optional(),
});
const Comment = entity(
  'Comment',
  {
    text: field.string(),
    postId: field.id('Post'),
    authorId: field.id('User'),
    parentId: field.id('Comment').optional(),
    hidden: field.bool().default(false),
  },
  {
    indexes: [
      { name: 'by_post', fields: ['postId', 'text'] },
      { name: 'by_parent', fields: ['parentId'] },
    ],
  },
);
const seen = (name: string) => policy({ entity: name, allowRead: "!data.hidden || auth.userId == 'root'" });
const schema = defineSchema({
  entities: [User, Post, Comment],
  policies: [policy({ entity: 'Post', allowRead: 'true' }), seen('User'), seen('Comment')],
});
const ada: Viewer = { userId: 'ada', kind: 'user', roles: [], name: null };

let database: TempDatabase;
let env: ReturnType<typeof simEnv>;
let store: Store;
let statements: string[] = [];

beforeEach(async () => {
  database = new TempDatabase();
  env = simEnv();
  store = new Store(env, { schema, drivers: database.open() });
  await store.open();
  const written = store.write(async ({ tx }) => {
    for (const id of ['u1', 'u2', 'u3'])
      await tx.insert('User', { id, name: id.toUpperCase(), hidden: id === 'u3' });
    const posts = [
      ['p1', 'u1', 'u2'],
      ['p2', 'u3', 'u1'],
      ['p3', null, 'nobody'],
    ] as const;
    for (const [id, authorId, editorId] of posts)
      await tx.insert('Post', { id, title: id, authorId, editorId });
    for (let i = 0; i < 8; i++) {
      const postId = i % 2 ? 'p1' : 'p2';
      const parentId = i >= 4 ? `c${i - 4}` : null;
      const row = { id: `c${i}`, text: `t${9 - i}`, postId, authorId: 'u1', parentId, hidden: i === 7 };
      await tx.insert('Comment', row);
    }
  });
  await env.clock.run(written);
});
afterEach(() => database.remove());

function reading<T>(work: (db: DbReader<typeof schema>) => Promise<T>, viewer = ada): Promise<T> {
  statements = [];
  const done = store.read((snapshot) => {
    const source: RowSource = {
      get: (...args) => snapshot.get(...args),
      select: (...args) => snapshot.select(...args),
      scan: (...args) => snapshot.scan(...args),
      count: (...args) => snapshot.count(...args),
      related(relation) {
        statements.push(`${relation.entity}.${relation.field}`);
        return snapshot.related(relation);
      },
    };
    const access = new Access(schema, () => 0);
    return work(new DbReader<typeof schema>(source, { schema, access, viewer, onElevated: () => {} }));
  });
  return env.clock.run(done);
}
const codeOf = (work: (db: DbReader<typeof schema>) => Promise<unknown>) =>
  reading(async (db) => {
    await work(db);
    return 'ok';
  }).catch((error) => error.code);
const comments = { entity: 'Comment', by: 'postId', take: 2 } as const;

test('a row comes with the rows it names, or null', async () => {
  const query = (db: DbReader<typeof schema>) =>
    db.query('Post').include({ author: 'authorId', editor: 'editorId' }).take(9);
  const posts = await reading(query);
  expect(posts.map(({ author, editor }) => [author?.name, editor?.name])).toEqual([
    ['U1', 'U2'],
    [undefined, 'U1'],
    [undefined, undefined],
  ]);
  expect(posts[2]!.author).toBeNull();
  expect(posts[0]).toEqual({
    id: 'p1',
    title: 'p1',
    authorId: 'u1',
    editorId: 'u2',
    author: { id: 'u1', name: 'U1', hidden: false },
    editor: { id: 'u2', name: 'U2', hidden: false },
  });
  expect(statements).toEqual(['User.id', 'User.id']);
});

test('a row comes with so many of the rows that name it, in order of id', async () => {
  const of = (order: 'asc' | 'desc') =>
    reading((db) =>
      db
        .query('Post')
        .include({ comments: { ...comments, order } })
        .take(9),
    );
  const ids = (posts: Awaited<ReturnType<typeof of>>) =>
    posts.map((post) => post.comments.map(({ id }) => id).join());
  expect(ids(await of('asc'))).toEqual(['c1,c3', 'c0,c2', '']);
  expect(ids(await of('desc'))).toEqual(['c5,c3', 'c6,c4', '']);
});

test('[S4] a policy holds for what is included: hidden rows are null or left out, and do not count', async () => {
  const query = (db: DbReader<typeof schema>) =>
    db
      .query('Post')
      .include({ author: 'authorId', comments: { ...comments, order: 'desc' } })
      .take(2);
  const [first, second] = await reading(query);
  expect([first!.comments.map(({ id }) => id), second!.author]).toEqual([['c5', 'c3'], null]);
  const [all, other] = await reading(query, { ...ada, userId: 'root' });
  expect([all!.comments.map(({ id }) => id), other!.author?.name]).toEqual([['c7', 'c5'], 'U3']);
});

test('one statement for each relation and level, however many rows', async () => {
  const [post] = await reading((db) =>
    db
      .query('Post')
      .include({
        author: 'authorId',
        comments: {
          ...comments,
          include: {
            by: 'authorId',
            replies: { entity: 'Comment', by: 'parentId', take: 3, include: { by: 'authorId' } },
          },
        },
      })
      .take(3),
  );
  expect(statements).toEqual(['User.id', 'Comment.postId', 'User.id', 'Comment.parentId', 'User.id']);
  const [first] = post!.comments;
  expect([first!.id, first!.by?.name, first!.replies.map(({ id }) => id)]).toEqual(['c1', 'U1', ['c5']]);
  expect(first!.replies[0]!.by?.name).toBe('U1');
});

test('get and paginate include, too', async () => {
  const post = await reading((db) => db.get('Post', 'p1', { include: { author: 'authorId' } }));
  expect(post?.author?.name).toBe('U1');
  expect(await reading((db) => db.get('Post', 'p9', { include: { author: 'authorId' } }))).toBeNull();
  const query = (db: DbReader<typeof schema>) => db.query('Post').include({ author: 'authorId' });
  const page = await reading((db) => query(db).paginate({ cursor: null, size: 1 }));
  expect(page.rows[0]!.author?.name).toBe('U1');
});

describe('refused', () => {
  type Loose = { include(include: object): { take(n: number): Promise<unknown> } };
  const refused = (entityName: 'Post' | 'User', include: object) =>
    codeOf((db) => (db.query(entityName) as unknown as Loose).include(include).take(1));

  test('what the schema does not know', async () => {
    expect(await refused('Post', { author: 'title' })).toBe('invalid');
    expect(await refused('Post', { author: 'constructor' })).toBe('invalid');
    expect(await refused('Post', { title: 'authorId' })).toBe('invalid');
    expect(await refused('Post', { id: 'authorId' })).toBe('invalid');
    expect(await refused('Post', { comments: { ...comments, entity: 'Nothing' } })).toBe('not_found');
    expect(await refused('Post', { comments: { ...comments, by: 'authorId' } })).toBe('invalid');
  });

  test('[N3] what no index answers, and what takes no bounded number', async () => {
    expect(await refused('User', { comments: { ...comments, by: 'authorId' } })).toBe('invalid');
    for (const take of [0, -1, 1.5, MAX_INCLUDED_ROWS + 1, undefined])
      expect(await refused('Post', { comments: { ...comments, take } })).toBe('invalid');
    expect(await refused('Post', { comments: { ...comments, take: MAX_INCLUDED_ROWS } })).toBe('ok');
  });

  test('[N3] what is too deep', async () => {
    const nested = (depth: number): object => ({
      replies: {
        entity: 'Comment',
        by: 'parentId',
        take: 1,
        ...(depth > 1 && { include: nested(depth - 1) }),
      },
    });
    const of = (depth: number) => ({ comments: { ...comments, include: nested(depth - 1) } });
    expect(await refused('Post', of(MAX_INCLUDE_DEPTH))).toBe('ok');
    expect(await refused('Post', of(MAX_INCLUDE_DEPTH + 1))).toBe('invalid');
  });

  test('[N3] more rows in all than there may be', async () => {
    const fill = (from: number, to: number) =>
      env.clock.run(
        store.write(({ tx }) =>
          tx.run(
            `WITH RECURSIVE n(i) AS (SELECT ? UNION ALL SELECT i + 1 FROM n WHERE i < ?)
             INSERT INTO "Comment" ("id", "text", "postId", "authorId") SELECT 'n' || i, i, 'p3', 'u1' FROM n`,
            [from, to],
          ),
        ),
      );
    const read = () =>
      codeOf((db) =>
        db
          .query('Post')
          .where({ title: 'p3' })
          .include({
            editor: 'editorId',
            comments: { ...comments, take: MAX_INCLUDED_ROWS, include: { by: 'authorId' } },
          })
          .take(1),
      );
    await fill(1, MAX_INCLUDED_ROWS - 1); // and the one author
    expect(await read()).toBe('ok');
    await fill(MAX_INCLUDED_ROWS, MAX_INCLUDED_ROWS);
    expect(await read()).toBe('too_large');
  });
});

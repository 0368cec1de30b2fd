/** What `ctx.db` gives and takes, as types. Nothing here runs but the imports. */
import { defineSchema, entity, field, v } from 'ternion';
import { functions } from 'ternion/server';
import { expect, expectTypeOf, test } from 'vitest';

const User = entity('User', { name: field.string(), email: field.string().unique() });
const Post = entity(
  'Post',
  {
    title: field.string().optional(),
    likes: field.int(),
    open: field.bool(),
    status: field.enum('draft', 'live').default('draft'),
    tags: field.json<string[]>(),
    authorId: field.id('User').optional().readonly(),
    elsewhereId: field.id('Nowhere'),
  },
  {
    indexes: [
      { name: 'by_author', fields: ['authorId', 'likes'] },
      { name: 'by_status', fields: ['status'] },
    ],
  },
);
const Comment = entity(
  'Comment',
  { text: field.string(), postId: field.id('Post'), byId: field.id('User') },
  { indexes: [{ name: 'by_post', fields: ['postId'] }] },
);
const schema = defineSchema({ entities: [User, Post, Comment] });
const { query, mutation } = functions(schema);
type UserRow = { id: string; name: string; email: string };
type CommentRow = { id: string; text: string; postId: string; byId: string };
type PostRow = {
  id: string;
  title: string | null;
  likes: number;
  open: boolean;
  status: 'draft' | 'live';
  tags: string[];
  authorId: string | null;
  elsewhereId: string;
};

const indexes = () =>
  query({
    args: {},
    async handler({ db }) {
      const posts = db.query('Post');
      expectTypeOf(await posts.withIndex('by_author').take(1)).toEqualTypeOf<PostRow[]>();
      posts.withIndex('by_author', (q) => q.eq('authorId', 'a').gte('likes', 1).lt('likes', 2));
      posts.withIndex('by_author', (q) => q.eq('authorId', null).eq('likes', 1));
      posts.withIndex('by_author', (q) => q.gt('authorId', 'a'));
      posts.withIndex('by_author', (q) => {
        expectTypeOf(q.eq).parameters.toEqualTypeOf<['authorId', string | null]>();
        expectTypeOf(q.eq('authorId', 'a').gt).parameters.toEqualTypeOf<['likes', number]>();
        return q;
      });
      const user = await db
        .query('User')
        .withIndex('unique_email', (q) => q.eq('email', 'e'))
        .unique();
      expectTypeOf(user).toEqualTypeOf<UserRow | null>();

      // @ts-expect-error no such index
      posts.withIndex('by_nothing');
      // @ts-expect-error not a unique field
      db.query('User').withIndex('unique_name');
      // @ts-expect-error not the first field
      posts.withIndex('by_author', (q) => q.eq('likes', 1));
      // @ts-expect-error of another type
      posts.withIndex('by_author', (q) => q.eq('authorId', 1));
      // @ts-expect-error not one of the enum
      posts.withIndex('by_status', (q) => q.eq('status', 'gone'));
      // @ts-expect-error nothing comes behind the last field
      posts.withIndex('by_status', (q) => q.eq('status', 'live').eq('status', 'live'));
      // @ts-expect-error an equality behind a bound
      posts.withIndex('by_author', (q) => q.gt('authorId', 'a').eq('likes', 1));
      // @ts-expect-error two lower bounds
      posts.withIndex('by_author', (q) => q.gt('authorId', 'a').gte('authorId', 'b'));
      // @ts-expect-error bounds on two fields
      posts.withIndex('by_author', (q) => q.gt('authorId', 'a').lt('likes', 1));
      posts.withIndex('by_author').order('desc');
      // @ts-expect-error an index brings its own order
      posts.withIndex('by_author').order('likes');
      // @ts-expect-error one index
      posts.withIndex('by_author').withIndex('by_status');
      return null;
    },
  });

const filters = () =>
  query({
    args: {},
    handler({ db }) {
      const posts = db.query('Post');
      posts.filter((q) =>
        q.and(
          q.gt('likes', 3),
          q.not(q.eq('title', null)),
          q.in('status', ['live']),
          q.startsWith('title', 'a'),
        ),
      );
      posts.filter((q) => q.or(q.eq('tags', ['a']), q.neq('open', true), q.lt('id', 'x')));
      // @ts-expect-error no such field
      posts.filter((q) => q.eq('nothing', 1));
      // @ts-expect-error of another type
      posts.filter((q) => q.eq('likes', '1'));
      // @ts-expect-error null is not before anything
      posts.filter((q) => q.lt('title', null));
      // @ts-expect-error booleans have no order
      posts.filter((q) => q.lt('open', true));
      // @ts-expect-error lists have no order
      posts.filter((q) => q.lt('tags', ['a']));
      // @ts-expect-error not one of the enum
      posts.filter((q) => q.in('status', ['gone']));
      // @ts-expect-error a number has no beginning
      posts.filter((q) => q.startsWith('likes', '1'));
      // @ts-expect-error of another type
      posts.where({ likes: '1' });
      // @ts-expect-error no such field
      posts.order('nothing');
      return null;
    },
  });

const includes = () =>
  query({
    args: { page: v.pagination() },
    async handler({ db }, { page }) {
      const { rows, cursor, done } = await db
        .query('Post')
        .include({
          author: 'authorId',
          comments: { entity: 'Comment', by: 'postId', order: 'desc', take: 20, include: { by: 'byId' } },
          last: { entity: 'Comment', by: 'postId', take: 1 },
        })
        .order('likes', 'desc')
        .paginate(page);
      const row = rows[0]!;
      expectTypeOf(row).not.toBeAny();
      expectTypeOf(row.title).toEqualTypeOf<string | null>();
      expectTypeOf(row.author).toEqualTypeOf<UserRow | null>();
      expectTypeOf(row.comments[0]!).not.toBeAny();
      expectTypeOf(row.comments[0]!.text).toEqualTypeOf<string>();
      expectTypeOf(row.comments[0]!.by).toEqualTypeOf<UserRow | null>();
      expectTypeOf(row.last).toEqualTypeOf<CommentRow[]>();
      expectTypeOf(row).not.toHaveProperty('nothing');
      expectTypeOf({ cursor, done }).toEqualTypeOf<{ cursor: string | null; done: boolean }>();
      const one = await db.get('Post', 'p', { include: { author: 'authorId' } });
      expectTypeOf(one!.author).toEqualTypeOf<UserRow | null>();
      expectTypeOf(await db.get('Post', 'p')).toEqualTypeOf<PostRow | null>();

      // @ts-expect-error no id
      db.query('Post').include({ author: 'title' });
      // @ts-expect-error an id of no entity of this schema
      db.query('Post').include({ elsewhere: 'elsewhereId' });
      // @ts-expect-error an id of another entity
      db.query('Post').include({ comments: { entity: 'Comment', by: 'byId', take: 1 } });
      // @ts-expect-error without a bound
      db.query('Post').include({ comments: { entity: 'Comment', by: 'postId' } });
      return null;
    },
  });

const writes = () =>
  mutation({
    args: {},
    async handler({ db }) {
      expectTypeOf(await db.query('Post').collect({ max: 10 })).toEqualTypeOf<PostRow[]>();
      expectTypeOf(await db.query('Post').first()).toEqualTypeOf<PostRow | null>();
      expectTypeOf(await db.query('Post').count()).toEqualTypeOf<number>();
      expectTypeOf(db.elevated('why')).toEqualTypeOf<typeof db>();
      const row = await db.replace('User', 'u', { name: 'n', email: 'e' });
      expectTypeOf(row).toEqualTypeOf<UserRow>();
      // @ts-expect-error a whole row
      await db.replace('User', 'u', { name: 'n' });
      return null;
    },
  });

test('indexes, filters and includes are typed by the schema', () => {
  expect([indexes, filters, includes, writes]).toHaveLength(4);
});

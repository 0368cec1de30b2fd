/** The functions of docs/guides/reading-rows.md, whose snippets are these lines (test/guides.test.ts). */
import { defineSchema, entity, field, policy, v } from 'ternion';
import { defineApp, functions } from 'ternion/server';

const User = entity('User', { name: field.string(), email: field.string().unique() });
const Note = entity(
  'Note',
  {
    title: field.string(),
    status: field.enum('draft', 'live').default('draft'),
    likes: field.int().default(0),
    authorId: field.id('User'),
    updatedAt: field.datetime(),
  },
  { indexes: [{ name: 'by_author', fields: ['authorId', 'updatedAt'] }] },
);
const Comment = entity(
  'Comment',
  { text: field.string(), noteId: field.id('Note'), authorId: field.id('User') },
  { indexes: [{ name: 'by_note', fields: ['noteId'] }] },
);
const allowRead = 'true';
const schema = defineSchema({
  entities: [User, Note, Comment],
  policies: [
    policy({ entity: 'Note', allowRead: "data.status == 'live' || auth.userId == data.authorId" }),
    policy({ entity: 'User', allowRead }),
    policy({ entity: 'Comment', allowRead }),
  ],
});
const { query, mutation } = functions(schema);

// An index gives rows in its order: some of its fields equal a value, and the next one lies between bounds.
const ofMonth = query({
  args: { authorId: v.id('User'), from: v.int(), to: v.int() },
  handler: (ctx, { authorId, from, to }) =>
    ctx.db
      .query('Note')
      .withIndex('by_author', (q) => q.eq('authorId', authorId).gte('updatedAt', from).lt('updatedAt', to))
      .order('desc')
      .take(100),
});
const byEmail = query({
  args: { email: v.string(200) },
  handler: (ctx, { email }) =>
    ctx.db
      .query('User')
      .withIndex('unique_email', (q) => q.eq('email', email))
      .unique(),
});

// A filter is asked of each row that the index gives.
const liked = query({
  args: { authorId: v.id('User') },
  handler: (ctx, { authorId }) =>
    ctx.db
      .query('Note')
      .withIndex('by_author', (q) => q.eq('authorId', authorId))
      .filter((q) => q.and(q.gt('likes', 3), q.not(q.startsWith('title', '#')), q.in('status', ['live'])))
      .collect({ max: 1000 }),
});

// The client sends the cursor of the page before, and null for the first one.
const feed = query({
  args: { authorId: v.id('User'), page: v.pagination() },
  handler: (ctx, { authorId, page }) =>
    ctx.db
      .query('Note')
      .withIndex('by_author', (q) => q.eq('authorId', authorId))
      .order('desc')
      .paginate(page),
});

// Rows that belong to the row: the one it names, and those that name it.
const show = query({
  args: { id: v.id('Note') },
  async handler(ctx, { id }) {
    const note = await ctx.db.get('Note', id, {
      include: {
        author: 'authorId',
        comments: { entity: 'Comment', by: 'noteId', order: 'desc', take: 20, include: { by: 'authorId' } },
      },
    });
    return note && { ...note, authorName: note.author?.name ?? 'somebody' };
  },
});

// The only way round the policies. It is logged as `policy.elevated`.
const hideAll = mutation({
  args: { authorId: v.id('User') },
  auth: 'admin',
  async handler(ctx, { authorId }) {
    const db = ctx.db.elevated('moderation: hide all notes of an author');
    const notes = await db
      .query('Note')
      .withIndex('by_author', (q) => q.eq('authorId', authorId))
      .collect({ max: 1000 });
    for (const { id } of notes) await db.update('Note', id, { status: 'draft' });
    return notes.length;
  },
});

export const app = defineApp({
  schema,
  functions: { notes: { ofMonth, byEmail, liked, feed, show, hideAll } },
});

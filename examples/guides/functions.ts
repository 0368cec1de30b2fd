/** The server of docs/guides/functions.md, whose snippets are these lines (test/guides.test.ts). */

import { defineSchema, entity, Fault, field, policy, type StandardSchema, v } from 'ternion';
import { auth } from 'ternion/auth';
import { createInternalApi, createServer, defineApp, functions } from 'ternion/server';

const schema = defineSchema({
  entities: [entity('Note', { title: field.string(), authorId: field.id('User') })],
  policies: [policy({ entity: 'Note', allowRead: 'true', allowInsert: 'auth.userId == data.authorId' })],
});
const { query, mutation, action, internal, httpRoute } = functions(schema);

// A query reads, on one snapshot. A mutation reads and writes in one transaction.
const list = query({
  args: { authorId: v.id('User'), limit: v.optional(v.int(1, 100)) },
  auth: 'public',
  handler: (ctx, { authorId, limit = 20 }) =>
    ctx.db.query('Note').where({ authorId }).order('title').take(limit),
});
const create = mutation({
  args: { title: v.string(200) },
  auth: 'guest',
  returns: v.object({ id: v.id('Note') }),
  async handler(ctx, { title }) {
    const id = await ctx.db.insert('Note', { title, authorId: ctx.auth.userId ?? '' });
    return { id };
  },
});

// An action does I/O. It has no database of its own: it calls queries and mutations.
const addBook = action({
  args: { isbn: v.string(13) },
  auth: 'guest',
  async handler(ctx, { isbn }) {
    const url = `https://openlibrary.org/isbn/${encodeURIComponent(isbn)}.json`;
    const response = await fetch(url, { signal: ctx.signal });
    if (!response.ok) throw new Fault('not_found', `no book ${isbn}`);
    const { title } = (await response.json()) as { title: unknown };
    return ctx.runMutation(create, { title: String(title).slice(0, 200) });
  },
});

// An expression decides by who calls and with which arguments.
const mine = query({
  args: { authorId: v.id('User') },
  auth: "auth.userId == input.authorId || auth.hasRole('moderator')",
  handler: (ctx, { authorId }) => ctx.db.query('Note').where({ authorId }).take(100),
});

// Internal: for the server's own functions. Clients cannot call it, and their types do not know it.
const record = internal.mutation({
  args: { authorId: v.id('User'), title: v.string(200) },
  handler: (ctx, { authorId, title }) => ctx.db.insert('Note', { authorId, title }),
});

// Any Standard Schema may stand for an argument, for all of them, or for the result. zod, valibot and arktype
// make them; this one is made by hand.
const email: StandardSchema<string> = {
  '~standard': {
    version: 1,
    vendor: 'guide',
    validate: (value) =>
      typeof value === 'string' && value.includes('@')
        ? { value: value.toLowerCase() }
        : { issues: [{ message: 'not an e-mail address' }] },
  },
};
const subscribe = action({
  args: { email, weekly: v.bool() },
  auth: 'public',
  handler: (_ctx, args) => `${args.email} gets a letter ${args.weekly ? 'a week' : 'a month'}`,
});

// An HTTP route is an action that takes a Request and gives a Response.
const hook = httpRoute({
  method: 'POST',
  path: '/hooks/:source',
  auth: "auth.hasRole('bot')",
  async handler(ctx, request) {
    const title = `${ctx.param('source')}: ${(await request.text()).slice(0, 100)}`;
    const id = await ctx.runMutation(record, { authorId: ctx.auth.userId ?? '', title });
    return Response.json({ id }, { status: 201 });
  },
});

// Scheduled in the transaction that makes the note: both are there, or neither.
const greet = internal.action({
  args: { id: v.id('Note') },
  async handler(ctx, { id }) {
    await fetch('https://mail.example/notes', { method: 'POST', body: id, signal: ctx.signal });
  },
});
const expire = internal.mutation({
  args: { id: v.id('Note') },
  handler: (ctx, { id }) => ctx.db.elevated('notes of guests expire').delete('Note', id),
});
const createForADay = mutation({
  args: { title: v.string(200) },
  auth: 'guest',
  async handler(ctx, { title }) {
    const id = await ctx.db.insert('Note', { title, authorId: ctx.auth.userId ?? '' });
    await ctx.scheduler.runAfter(0, greet, { id });
    return { id, expiry: await ctx.scheduler.runAfter('1d', expire, { id }) };
  },
});
const keep = mutation({
  args: { expiry: v.string(64) },
  auth: 'guest',
  handler: (ctx, { expiry }) => ctx.scheduler.cancel(expiry),
});

// A function that names itself, or one of another module, does so by reference: `notes.sweep`.
const sweep = internal.mutation({
  args: { before: v.id('Note') },
  async handler(ctx, { before }): Promise<null> {
    const db = ctx.db.elevated('notes of before are thrown away');
    const old = await db
      .query('Note')
      .filter((q) => q.lt('id', before))
      .take(100);
    for (const { id } of old) await db.delete('Note', id);
    if (old.length === 100) await ctx.scheduler.runAfter('1s', internalApi.notes.sweep, { before });
    return null;
  },
});

// An action may answer in parts. A write waits while the reader is behind.
const tell = action({
  args: { topic: v.string(200) },
  auth: 'guest',
  async handler(ctx, { topic }) {
    const url = `https://stories.example/${encodeURIComponent(topic)}`;
    const { body } = await fetch(url, { signal: ctx.signal });
    let words = 0;
    for await (const text of body!.pipeThrough(new TextDecoderStream())) {
      await ctx.stream.write(text);
      words += text.split(' ').length;
    }
    return { words };
  },
});

const scheduling = { greet, expire, createForADay, keep, sweep };
const notes = { list, create, mine, addBook, record, subscribe, tell, ...scheduling };
const tree = { notes };
const internalApi = createInternalApi<typeof tree>();
export const app = defineApp({ schema, functions: tree, http: [hook], plugins: [auth()] });
export type App = typeof app;

export const start = () =>
  createServer(app, { functions: { queryMs: 2000, actionMs: 30_000, actionsAtOnce: 200 } });

/** The code of docs/guides/documents-on-the-server.md. */
import { defineSchema, entity, field, policy, v } from 'ternion';
import type { DocHandle } from 'ternion/crdt/client';
import { docs } from 'ternion/crdt/server';
import { defineApp, functions } from 'ternion/server';

const Note = entity('Note', { title: field.string(80), body: field.richtext(), tags: field.list() });
const Visit = entity('Visit', { noteId: field.id('Note'), by: field.id('User') });
const schema = defineSchema({
  entities: [Note, Visit],
  policies: [
    policy({
      entity: 'Note',
      allowRead: 'true',
      allowInsert: 'auth.userId != null',
      allowUpdate: 'auth.userId != null',
    }),
    policy({ entity: 'Visit', allowRead: 'true', allowInsert: 'auth.userId == data.by' }),
  ],
});
const { mutation, action } = functions(schema);

const sign = mutation({
  args: { id: v.id('Note'), text: v.string(200) },
  async handler(ctx, { id, text }) {
    await ctx.db.insert('Visit', { noteId: id, by: ctx.auth.userId ?? '' });
    const length = await ctx.docs.edit('Note', id, (doc) => {
      const body = doc.getText('body');
      body.insert(body.length, `\n${text}`);
      return body.length;
    });
    return { length };
  },
});

const fromTemplate = mutation({
  args: { title: v.string(80) },
  async handler(ctx, { title }) {
    const id = await ctx.db.insert('Note', { title });
    await ctx.docs.edit('Note', id, (doc) => {
      doc.getText('body').insert(0, 'Dear reader,\n');
      doc.getList('tags').push('draft');
    });
    return id;
  },
});

const summarize = action({
  args: { id: v.id('Note') },
  async handler(ctx, { id }) {
    const { body } = await ctx.docs.read('Note', id);
    const answer = await fetch('https://example.com/summary', {
      method: 'POST',
      body,
      signal: ctx.signal,
    });
    const summary = await answer.text();
    await ctx.docs.edit('Note', id, (doc) => doc.getText('body').insert(0, `${summary}\n`));
  },
});

const publish = mutation({
  args: { id: v.id('Note'), name: v.string(100) },
  handler: (ctx, { id, name }) => ctx.docs.nameVersion('Note', id, { name }),
});

const backToYesterday = mutation({
  args: { id: v.id('Note') },
  async handler(ctx, { id }) {
    const { changes } = await ctx.docs.history('Note', id, { limit: 200 });
    const dayAgo = ctx.now() - 24 * 3_600_000;
    const today = changes.filter(({ at }) => at > dayAgo);
    const first = today.at(-1);
    if (first) await ctx.docs.restore('Note', id, first.since);
  },
});

export const app = defineApp({
  schema,
  functions: { notes: { sign, fromTemplate, summarize, publish, backToYesterday } },
  plugins: [docs({ maxEditBytes: 128 << 10 })],
});

export async function showHistory(note: DocHandle, show: (line: string) => void) {
  const { changes } = await note.history.list({ limit: 20 });
  for (const { at, authors } of changes)
    show(`${new Date(at).toLocaleString()}: ${authors.map((id) => id ?? 'a guest').join(', ')}`);
  const [latest] = changes;
  if (latest) show(JSON.stringify(await note.history.view(latest.since)));
}

export async function keepAndGoBack(note: DocHandle) {
  await note.synced(); // what is not durable is in no version
  const version = await note.history.name('before the meeting');
  // ... and later:
  await note.history.restore(version);
  return note.history.names();
}

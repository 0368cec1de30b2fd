/** A journal in which a mutation that runs twice leaves two entries, in two rows each. */
import { defineSchema, entity, field, policy, v } from 'ternion';
import { createApi } from 'ternion/client';
import { defineApp, functions } from 'ternion/server';

const Entry = entity('Entry', { nonce: field.string(), half: field.int() });
/** Each edit of a paper writes a word, a key of its own, and a vote. */
const Paper = entity('Paper', { body: field.richtext(), facts: field.map(), votes: field.counter() });
const schema = defineSchema({
  entities: [Entry, Paper],
  policies: [
    policy({ entity: 'Entry', allowRead: 'true', allowInsert: 'true' }),
    policy({ entity: 'Paper', allowRead: 'true', allowInsert: 'true', allowUpdate: 'true' }),
  ],
});
const { mutation, internal } = functions(schema);
/** The same entry, by a job; the guest of the call that scheduled it makes it. */
const record = internal.mutation({
  args: { nonce: v.string() },
  async handler(ctx, { nonce }) {
    await ctx.db.insert('Entry', { nonce, half: 1 });
    await ctx.db.insert('Entry', { nonce, half: 2 });
  },
});
const journal = {
  record,
  schedule: mutation({
    args: { nonce: v.string(), jobs: v.int(), withinMs: v.int() },
    auth: 'guest',
    async handler(ctx, { nonce, jobs, withinMs }) {
      for (let i = 0; i < jobs; i++)
        await ctx.scheduler.runAfter(ctx.random() * withinMs, record, { nonce: `${nonce}.${i}` });
    },
  }),
  append: mutation({
    args: { nonce: v.string() },
    auth: 'guest',
    async handler(ctx, { nonce }) {
      await ctx.db.insert('Entry', { nonce, half: 1 });
      await ctx.db.insert('Entry', { nonce, half: 2 });
    },
  }),
};
const papers = {
  make: mutation({
    args: {},
    auth: 'guest',
    returns: v.string(),
    handler: (ctx) => ctx.db.insert('Paper', {}),
  }),
};
export const faultsApp = defineApp({ schema, functions: { journal, papers } });
export const api = createApi<typeof faultsApp>();

/** A journal in which a mutation that runs twice leaves two entries, in two rows each. */
import { defineSchema, entity, field, policy, v } from 'ternion';
import { createApi } from 'ternion/client';
import { defineApp, functions } from 'ternion/server';

const Entry = entity('Entry', { nonce: field.string(), half: field.int() });
const schema = defineSchema({
  entities: [Entry],
  policies: [policy({ entity: 'Entry', allowRead: 'true', allowInsert: 'true' })],
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
export const faultsApp = defineApp({ schema, functions: { journal } });
export const api = createApi<typeof faultsApp>();

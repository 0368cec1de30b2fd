/** A journal in which a mutation that runs twice leaves two entries, in two rows each. */
import { defineSchema, entity, field, policy, v } from 'ternion';
import { createApi } from 'ternion/client';
import { defineApp, functions } from 'ternion/server';

const Entry = entity('Entry', { nonce: field.string(), half: field.int() });
const schema = defineSchema({
  entities: [Entry],
  policies: [policy({ entity: 'Entry', allowRead: 'true', allowInsert: 'true' })],
});
const { mutation } = functions(schema);
const journal = {
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

/** The app of the simulation of optimistic calls: a count per topic, and an entry for each time it was raised. */
import { defineSchema, entity, field, policy, v } from 'ternion';
import { createApi, type Optimistic } from 'ternion/client';
import { defineApp, functions } from 'ternion/server';

const Topic = entity('Topic', { count: field.int() });
const Entry = entity('Entry', { nonce: field.string(), topic: field.id('Topic'), place: field.int() });
const schema = defineSchema({
  entities: [Topic, Entry],
  policies: [
    policy({ entity: 'Topic', allowRead: 'true', allowInsert: 'true', allowUpdate: 'true' }),
    policy({ entity: 'Entry', allowRead: 'true', allowInsert: 'true' }),
  ],
});

export const TOPICS = ['a', 'b'] as const;

const { mutation } = functions(schema);
const topics = {
  open: mutation({
    args: {},
    async handler(ctx) {
      for (const id of TOPICS) await ctx.db.insert('Topic', { id, count: 0 });
    },
  }),
  /** Not idempotent: run twice, it leaves two entries and counts two. */
  raise: mutation({
    args: { topic: v.id('Topic'), nonce: v.string() },
    async handler(ctx, { topic, nonce }) {
      const found = await ctx.db.get('Topic', topic);
      const count = (found?.count ?? 0) + 1;
      await ctx.db.update('Topic', topic, { count });
      return ctx.db.insert('Entry', { nonce, topic, place: count });
    },
  }),
};

export const optimisticApp = () => defineApp({ schema, functions: { topics } });
export type OptimisticApp = ReturnType<typeof optimisticApp>;
export const api = createApi<OptimisticApp>();

export const optimistic: Optimistic<OptimisticApp> = {
  'topics.raise'(local, { topic, nonce }, { id }) {
    const found = local.get('Topic', topic);
    if (!found) return;
    local.update('Topic', topic, { count: found.count + 1 });
    local.insert('Entry', { id, nonce, topic, place: found.count + 1 });
  },
};

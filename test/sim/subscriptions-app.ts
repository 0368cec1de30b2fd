/** The app of the subscription simulation: rows that come by live queries, seen by owner or by membership. */
import { defineSchema, entity, field, policy } from 'ternion';
import { createApi } from 'ternion/client';
import { defineApp, functions } from 'ternion/server';

const Member = entity('Member', { roomId: field.string(), userId: field.string() });
const Note = entity(
  'Note',
  {
    roomId: field.string(),
    ownerId: field.string(),
    rank: field.int(),
    open: field.bool(),
    secret: field.string().default('s').serverOnly(),
  },
  { sync: 'query' },
);
const Message = entity('Message', { roomId: field.string(), rank: field.int() }, { sync: 'query' });
/** Written together, one in the replica and one behind a subscription. */
const Left = entity('Left', { n: field.int() });
const Right = entity('Right', { n: field.int() }, { sync: 'query' });

const anybody = { allowRead: 'true', allowInsert: 'true', allowUpdate: 'true', allowDelete: 'true' };
const schema = defineSchema({
  entities: [Member, Note, Message, Left, Right],
  policies: [
    policy({ entity: 'Member', ...anybody }),
    policy({ entity: 'Left', ...anybody }),
    policy({ entity: 'Right', ...anybody }),
    policy({ ...anybody, entity: 'Note', allowRead: 'data.open || auth.userId == data.ownerId' }),
    policy({
      ...anybody,
      entity: 'Message',
      allowRead: 'exists(Member where row.roomId == data.roomId && row.userId == auth.userId)',
    }),
  ],
});

const { mutation } = functions(schema);
const pair = {
  open: mutation({
    args: {},
    async handler(ctx) {
      await ctx.db.insert('Left', { id: 'one', n: 0 });
      await ctx.db.insert('Right', { id: 'one', n: 0 });
    },
  }),
  step: mutation({
    args: {},
    async handler(ctx) {
      const n = ((await ctx.db.get('Left', 'one'))?.n ?? 0) + 1;
      await ctx.db.update('Left', 'one', { n });
      await ctx.db.update('Right', 'one', { n });
    },
  }),
  /** So many leave a window at once that its reserve is not enough. */
  sweep: mutation({
    args: {},
    async handler(ctx) {
      const notes = await ctx.db.query('Note').collect({ max: 1000 });
      for (const { id, rank } of notes) if (rank < 2) await ctx.db.delete('Note', id);
    },
  }),
};

export const ROOMS = ['a', 'b'];
export const subscriptionsApp = () => defineApp({ schema, functions: { pair } });
export type SubscriptionsApp = ReturnType<typeof subscriptionsApp>;
export const api = createApi<SubscriptionsApp>();

/** The app of the simulation of live and watched queries in tabs: notes in every copy, messages by query alone. */
import { defineSchema, entity, field, policy, v } from 'ternion';
import { defineApp, functions } from 'ternion/server';

const Note = entity('Note', { title: field.string() });
const Message = entity(
  'Message',
  { room: field.string(), rank: field.int(), ownerId: field.string(), open: field.bool() },
  { sync: 'query' },
);

const anybody = { allowRead: 'true', allowInsert: 'true', allowUpdate: 'true', allowDelete: 'true' };
const schema = defineSchema({
  entities: [Note, Message],
  policies: [
    policy({ ...anybody, entity: 'Note' }),
    policy({ ...anybody, entity: 'Message', allowRead: 'data.open || auth.userId == data.ownerId' }),
  ],
});

const { query } = functions(schema);
const room = { args: { room: v.string() }, auth: 'public' } as const;
const rooms = {
  count: query({
    ...room,
    handler: (ctx, { room }) => ctx.db.query('Message').where({ room }).count(),
  }),
  list: query({
    ...room,
    handler: (ctx, { room }) => ctx.db.query('Message').where({ room }).take(50),
  }),
  /** Refused as long as the room is empty. */
  first: query({
    ...room,
    handler: async (ctx, { room }) => {
      const message = await ctx.db.query('Message').where({ room }).first();
      if (!message) throw new Error('empty');
      return message.rank;
    },
  }),
};

export const ROOMS = ['a', 'b'];
export const tabsApp = () => defineApp({ schema, functions: { rooms } });
export type TabsApp = ReturnType<typeof tabsApp>;

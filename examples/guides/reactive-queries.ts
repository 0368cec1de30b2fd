/** The functions of docs/guides/reactive-queries.md, whose snippets are these lines (test/guides.test.ts). */
import { defineSchema, entity, field, policy, v } from 'ternion';
import { defineApp, functions } from 'ternion/server';

const Room = entity('Room', { name: field.string() });
const Member = entity(
  'Member',
  { roomId: field.id('Room'), userId: field.string() },
  { indexes: [{ name: 'by_room', fields: ['roomId', 'userId'] }] },
);
const Message = entity(
  'Message',
  { roomId: field.id('Room'), authorId: field.string(), text: field.string(), at: field.datetime() },
  { indexes: [{ name: 'by_room', fields: ['roomId', 'at'] }] },
);
const schema = defineSchema({
  entities: [Room, Member, Message],
  policies: [
    policy({ entity: 'Room', allowRead: 'true' }),
    policy({ entity: 'Member', allowRead: 'true' }),
    policy({
      entity: 'Message',
      allowRead: 'exists(Member where row.roomId == data.roomId && row.userId == auth.userId)',
    }),
  ],
});
const { query } = functions(schema);

const summary = query({
  args: { roomId: v.id('Room') },
  async handler(ctx, { roomId }) {
    const room = await ctx.db.get('Room', roomId);
    const newest = await ctx.db
      .query('Message')
      .withIndex('by_room', (q) => q.eq('roomId', roomId))
      .order('desc')
      .take(20);
    const members = await ctx.db.query('Member').where({ roomId }).count();
    return { name: room?.name ?? null, newest, members };
  },
});

export const app = defineApp({ schema, functions: { rooms: { summary } } });
export type App = typeof app;

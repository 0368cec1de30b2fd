/** For tests of watched queries: messages in rooms, secrets for members, and functions that count their runs. */
import type { Json } from '../../base/json.ts';
import { functions } from '../../functions/define.ts';
import { defineSchema } from '../../schema/define-schema.ts';
import { entity } from '../../schema/entity.ts';
import { field } from '../../schema/field.ts';
import { policy } from '../../schema/policy-spec.ts';
import { v } from '../../schema/validator.ts';

const Room = entity('Room', { name: field.string() });
const Message = entity(
  'Message',
  {
    roomId: field.id('Room'),
    text: field.string(),
    likes: field.int().default(0),
    at: field.int().optional(),
  },
  {
    indexes: [
      { name: 'by_room', fields: ['roomId'] },
      { name: 'by_at', fields: ['at'] },
    ],
  },
);
const Member = entity('Member', { roomId: field.string(), userId: field.string() });
const Secret = entity('Secret', { roomId: field.string(), text: field.string() });
export const schema = defineSchema({
  entities: [Room, Message, Member, Secret],
  policies: [
    policy({ entity: 'Room', allowRead: 'true' }),
    policy({ entity: 'Message', allowRead: 'true' }),
    policy({ entity: 'Member', allowRead: 'true' }),
    policy({
      entity: 'Secret',
      allowRead: 'exists(Member where row.roomId == data.roomId && row.userId == auth.userId)',
    }),
  ],
});
const { query, mutation, internal } = functions(schema);

/** What a test and the handlers tell each other. */
export const handlers: { runs: Record<string, number>; slow: (() => Promise<unknown>) | undefined } = {
  /** Runs of each function since the last look. */
  runs: {},
  /** What `slow` does meanwhile. */
  slow: undefined,
};
const count = (name: string) => {
  handlers.runs[name] = (handlers.runs[name] ?? 0) + 1;
};
const open = { auth: 'public' } as const;
const room = { args: { room: v.string() }, auth: 'public' } as const;

const kept: string[] = [];
export const app = {
  list: query({
    ...room,
    handler: (ctx, { room }) => {
      count('list');
      return ctx.db.query('Message').where({ roomId: room }).take(100);
    },
  }),
  newest: query({
    args: { take: v.int() },
    ...open,
    handler: (ctx, { take }) => {
      count('newest');
      return ctx.db.query('Message').withIndex('by_at').order('desc').take(take);
    },
  }),
  oldest: query({
    args: { take: v.int() },
    ...open,
    handler: (ctx, { take }) => {
      count('oldest');
      return ctx.db.query('Message').withIndex('by_at').take(take);
    },
  }),
  page: query({
    args: { cursor: v.nullable(v.string()), size: v.int() },
    ...open,
    handler: (ctx, page) => {
      count('page');
      return ctx.db.query('Message').withIndex('by_at').paginate(page);
    },
  }),
  counted: query({
    ...room,
    handler: (ctx, { room }) => {
      count('counted');
      return ctx.db.query('Message').where({ roomId: room }).count();
    },
  }),
  rooms: query({
    args: {},
    ...open,
    handler: (ctx) => {
      count('rooms');
      return ctx.db.query('Message').where({ likes: 7 }).include({ room: 'roomId' }).take(10);
    },
  }),
  get: query({
    args: { id: v.string() },
    ...open,
    handler: (ctx, { id }) => {
      count('get');
      return ctx.db.get('Message', id);
    },
  }),
  secrets: query({
    ...room,
    handler: (ctx, { room }) => {
      count('secrets');
      return ctx.db.query('Secret').where({ roomId: room }).take(10);
    },
  }),
  secret: query({
    args: { id: v.string() },
    ...open,
    handler: (ctx, { id }) => {
      count('secret');
      return ctx.db.get('Secret', id);
    },
  }),
  me: query({
    args: {},
    ...open,
    handler: (ctx) => {
      count('me');
      return ctx.auth.userId;
    },
  }),
  /** Looks at the identity only when the room is there. */
  turning: query({
    ...room,
    handler: async (ctx, { room }) => {
      count('turning');
      return (await ctx.db.get('Room', room)) ? ctx.auth.userId : 'nobody';
    },
  }),
  fails: query({
    ...room,
    handler: async (ctx, { room }): Promise<string> => {
      if (await ctx.db.get('Room', room)) throw new Error('a bug');
      return 'fine';
    },
  }),
  slow: query({
    args: {},
    ...open,
    handler: async (ctx) => {
      const rooms = await ctx.db.query('Room').take(100);
      await handlers.slow?.();
      return rooms.length;
    },
  }),
  deep: query({
    args: { levels: v.int() },
    ...open,
    handler: (_, { levels }): Json => {
      let value: Json = 0;
      for (let i = 0; i < levels; i++) value = [value];
      return value;
    },
  }),
  /** Returns the same list each time. */
  kept: query({
    args: {},
    ...open,
    handler: async (ctx) => {
      const rooms = await ctx.db.query('Room').take(100);
      kept.splice(0, kept.length, ...rooms.map(({ id }) => id));
      return kept;
    },
  }),
  long: query({
    ...room,
    handler: async (ctx, { room }) => (await ctx.db.get('Room', room))?.name ?? '',
  }),
  onlyAda: query({ args: {}, auth: "auth.userId == 'ada'", handler: (ctx) => ctx.auth.userId }),
  add: mutation({ ...open, args: {}, handler: () => null }),
  hidden: internal.query({ args: {}, handler: () => null }),
};

export const message = (id: string, roomId: string, at: number | null = null, likes = 0) => ({
  id,
  roomId,
  text: `text of ${id}`,
  at,
  likes,
});
/** As the store holds it. */
export const rowOf = (id: string, roomId: string) => {
  const { id: _, ...data } = message(id, roomId);
  return schema.entity('Message').parseInsert(id, data);
};
export const ids = (value: Json | undefined) => (value as { id: string }[]).map(({ id }) => id);

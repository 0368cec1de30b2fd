/** The app of the simulation of watched queries: notes in rooms, seen by the members of the room or by all. */
import { defineSchema, entity, field, policy, v } from 'ternion';
import { createApi } from 'ternion/client';
import { defineApp, functions } from 'ternion/server';

const Room = entity('Room', { name: field.string() });
const Member = entity(
  'Member',
  { roomId: field.string(), userId: field.string() },
  { indexes: [{ name: 'by_room', fields: ['roomId', 'userId'] }] },
);
const Note = entity(
  'Note',
  {
    roomId: field.id('Room'),
    text: field.string(),
    open: field.bool().default(true),
    rank: field.int().optional(),
  },
  {
    indexes: [
      { name: 'by_room', fields: ['roomId', 'rank'] },
      { name: 'by_rank', fields: ['rank'] },
    ],
  },
);
const anybody = { allowRead: 'true', allowInsert: 'true', allowUpdate: 'true', allowDelete: 'true' };
const schema = defineSchema({
  entities: [Room, Member, Note],
  policies: [
    policy({ entity: 'Room', ...anybody }),
    policy({ entity: 'Member', ...anybody }),
    policy({
      entity: 'Note',
      ...anybody,
      allowRead: 'data.open || exists(Member where row.roomId == data.roomId && row.userId == auth.userId)',
    }),
  ],
});

export const ROOMS = ['a', 'b', 'c'];
export const USERS = ['ada', 'eve'];
/** How long handlers take: commits come while they run. */
export const pace: { wait(): Promise<void> } = { wait: async () => {} };

const { query } = functions(schema);
const room = { args: { room: v.string() }, auth: 'public' } as const;
const size = { args: { size: v.int(0, 5) }, auth: 'public' } as const;

const notes = {
  list: query({
    ...room,
    handler: async (ctx, { room }) => {
      await pace.wait();
      const part = ctx.db.query('Note').withIndex('by_room', (q) => q.eq('roomId', room));
      const rows = await part.take(50);
      await pace.wait();
      return rows;
    },
  }),
  count: query({
    ...room,
    handler: (ctx, { room }) => ctx.db.query('Note').where({ roomId: room }).count(),
  }),
  top: query({
    ...size,
    handler: (ctx, { size }) => ctx.db.query('Note').withIndex('by_rank').order('desc').take(size),
  }),
  ranked: query({
    ...size,
    handler: (ctx, { size }) =>
      ctx.db
        .query('Note')
        .withIndex('by_rank', (q) => q.gte('rank', size))
        .filter((q) => q.startsWith('text', 't1'))
        .take(3),
  }),
  /** The second page. */
  page: query({
    ...size,
    handler: async (ctx, { size }) => {
      const pages = ctx.db.query('Note').withIndex('by_rank');
      const { cursor } = await pages.paginate({ cursor: null, size: size + 1 });
      return cursor === null ? null : await pages.paginate({ cursor, size: 2 });
    },
  }),
  withRooms: query({
    ...size,
    handler: (ctx, { size }) =>
      ctx.db.query('Note').where({ rank: size }).include({ room: 'roomId' }).take(3),
  }),
  rooms: query({
    args: {},
    auth: 'public',
    handler: (ctx) =>
      ctx.db
        .query('Room')
        .include({ notes: { entity: 'Note', by: 'roomId', take: 2 } })
        .take(10),
  }),
  /** Looks at the identity only in rooms that are there. */
  mine: query({
    ...room,
    handler: async (ctx, { room }) => {
      if (!(await ctx.db.get('Room', room))) return null;
      await pace.wait();
      const userId = ctx.auth.userId ?? '';
      return ctx.db.query('Member').where({ roomId: room, userId }).first();
    },
  }),
  first: query({
    ...room,
    handler: async (ctx, { room }) => {
      const note = await ctx.db.query('Note').where({ roomId: room }).first();
      if (!note) throw new Error('empty');
      return ctx.db.get('Note', note.id);
    },
  }),
  me: query({ args: {}, auth: 'public', handler: (ctx) => ctx.auth.userId }),
};

export const watchesApp = () => defineApp({ schema, functions: { notes } });
export type WatchesApp = ReturnType<typeof watchesApp>;
export const api = createApi<WatchesApp>();

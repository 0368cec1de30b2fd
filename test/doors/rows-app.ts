/** An app whose rows are behind one policy, with a function for every method of `ctx.db`. For rows.test.ts. */

import { functions } from '../../src/functions/define.ts';
import { defineSchema } from '../../src/schema/define-schema.ts';
import { entity } from '../../src/schema/entity.ts';
import { field } from '../../src/schema/field.ts';
import { policy } from '../../src/schema/policy-spec.ts';
import { v } from '../../src/schema/validator.ts';

const Note = entity(
  'Note',
  {
    ownerId: field.id('User'),
    boxId: field.id('Box'),
    open: field.bool(),
    title: field.string().default(''),
    secret: field.string().default('hidden').serverOnly(),
    body: field.richtext(),
  },
  { indexes: [{ name: 'by_box', fields: ['boxId'] }] },
);
/** As notes, but no part of a replica. */
const Line = entity(
  'Line',
  {
    ownerId: field.id('User'),
    boxId: field.id('Box'),
    open: field.bool(),
    title: field.string().default(''),
  },
  { sync: 'query' },
);
/** Everybody sees boxes, and through them the notes that they may see. A box has the id of its note. */
const Box = entity('Box', { noteId: field.id('Note'), keeperId: field.id('User') });
const Closed = entity('Closed', { title: field.string() }, { sync: 'none' });

const allowRead =
  "data.open || auth.userId == data.ownerId || auth.hasRole('admin') || exists(Box where row.noteId == data.id && row.keeperId == auth.userId)";

export const schema = defineSchema({
  entities: [Note, Line, Box, Closed],
  policies: [
    policy({
      entity: 'Note',
      allowRead,
      allowInsert: 'auth.userId == data.ownerId',
      allowUpdate: 'auth.userId == existing.ownerId && data.ownerId == existing.ownerId',
      allowDelete: "auth.hasRole('admin')",
    }),
    policy({ entity: 'Line', allowRead }),
    policy({ entity: 'Box', allowRead: 'true' }),
    policy({ entity: 'Closed', allowRead: 'true', allowInsert: 'true' }),
  ],
});

const made = functions(schema);
const options = { args: { id: v.string() }, auth: 'public' } as const;

/** A query per method that reads: whether the note is there. Named as the method. */
export const reads = {
  get: made.query({ ...options, handler: async ({ db }, { id }) => (await db.get('Note', id)) !== null }),
  getWithInclude: made.query({
    ...options,
    handler: async ({ db }, { id }) =>
      (await db.get('Box', id, { include: { note: 'noteId' } }))?.note !== null,
  }),
  where: made.query({
    ...options,
    handler: async ({ db }, { id }) => (await db.query('Note').where({ id }).take(1)).length === 1,
  }),
  filter: made.query({
    ...options,
    handler: async ({ db }, { id }) => {
      const rows = await db
        .query('Note')
        .filter((q) => q.eq('id', id))
        .order('title')
        .take(1);
      return rows.length === 1;
    },
  }),
  withIndex: made.query({
    ...options,
    handler: async ({ db }, { id }) => {
      const rows = await db
        .query('Note')
        .withIndex('by_box', (q) => q.eq('boxId', id))
        .order('desc')
        .take(9);
      return rows.length === 1;
    },
  }),
  first: made.query({
    ...options,
    handler: async ({ db }, { id }) => (await db.query('Note').where({ id }).first()) !== null,
  }),
  unique: made.query({
    ...options,
    handler: async ({ db }, { id }) => (await db.query('Note').where({ id }).unique()) !== null,
  }),
  collect: made.query({
    ...options,
    handler: async ({ db }, { id }) =>
      (await db.query('Note').where({ id }).collect({ max: 9 })).length === 1,
  }),
  count: made.query({
    ...options,
    handler: async ({ db }, { id }) => (await db.query('Note').where({ id }).count()) === 1,
  }),
  paginate: made.query({
    ...options,
    handler: async ({ db }, { id }) => {
      const { rows } = await db.query('Note').where({ id }).paginate({ cursor: null, size: 9 });
      return rows.length === 1;
    },
  }),
  include: made.query({
    ...options,
    handler: async ({ db }, { id }) => {
      const include = { notes: { entity: 'Note', by: 'boxId', take: 9 } } as const;
      const [box] = await db.query('Box').where({ id }).include(include).take(1);
      return box?.notes.length === 1;
    },
  }),
  takeInMutation: made.mutation({
    ...options,
    handler: async ({ db }, { id }) => (await db.query('Note').where({ id }).take(1)).length === 1,
  }),
};

const whole = (id: string) => ({ ownerId: 'u', boxId: id, open: false });
export const writes = {
  insert: made.mutation({
    ...options,
    handler: async ({ db }, { id }) => void (await db.insert('Note', { id, ...whole(id) })),
  }),
  update: made.mutation({
    ...options,
    handler: async ({ db }, { id }) => void (await db.update('Note', id, { title: 'new' })),
  }),
  replace: made.mutation({
    ...options,
    handler: async ({ db }, { id }) => void (await db.replace('Note', id, { ...whole(id), title: 'new' })),
  }),
  delete: made.mutation({
    ...options,
    handler: async ({ db }, { id }) => void (await db.delete('Note', id)),
  }),
};

/** The names of what a handler finds on its `ctx`, by kind. */
export const contexts = {
  query: made.query({ args: {}, auth: 'public', handler: (ctx) => Object.keys(ctx) }),
  mutation: made.mutation({ args: {}, auth: 'public', handler: (ctx) => Object.keys(ctx) }),
  action: made.action({ args: {}, auth: 'public', handler: (ctx) => Object.keys(ctx) }),
};

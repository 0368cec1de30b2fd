/** The app of the row benchmarks: one entity of about 100 bytes a row, validated arguments, a real policy. */
import { defineSchema, entity, field, policy, v } from 'ternion';
import { auth } from 'ternion/auth';
import { createApi } from 'ternion/client';
import { defineApp, functions } from 'ternion/server';

const Note = entity('Note', {
  title: field.string(),
  ownerId: field.id('User'),
  likes: field.int().default(0),
  updatedAt: field.datetime(),
});
export const schema = defineSchema({
  entities: [Note],
  policies: [
    policy({
      entity: 'Note',
      allowRead: 'true',
      allowInsert: 'auth.userId == data.ownerId',
      allowUpdate: 'auth.userId == existing.ownerId && data.ownerId == existing.ownerId',
    }),
  ],
});
const { mutation } = functions(schema);
const notes = {
  create: mutation({
    args: { title: v.string(200) },
    auth: 'guest',
    handler: (ctx, { title }) =>
      ctx.db.insert('Note', { title, ownerId: ctx.auth.userId ?? '', updatedAt: ctx.now() }),
  }),
};
export const app = defineApp({ schema, functions: { notes }, plugins: [auth()] });
export type BenchApp = typeof app;
export const api = createApi<BenchApp>();
export const TITLE = 'a title of fifty characters, as people would write';

/** The app: notes, guests and documents. The browser imports its type alone. */
import { auth } from 'ternion/auth';
import { docs } from 'ternion/crdt/server';
import { defineApp, functions } from 'ternion/server';
import { schema, WELCOME_ID } from './schema.ts';

const { mutation } = functions(schema);

/** Puts the first note there if nobody has yet; safe to call from every page. */
const open = mutation({
  args: {},
  auth: 'guest',
  async handler(ctx) {
    if (await ctx.db.get('Note', WELCOME_ID)) return;
    const createdAt = ctx.now();
    await ctx.db.insert('Note', { id: WELCOME_ID, title: 'Welcome', ownerId: null, open: true, createdAt });
  },
});

export const app = defineApp({ schema, functions: { notes: { open } }, plugins: [auth(), docs()] });

export type EditorApp = typeof app;

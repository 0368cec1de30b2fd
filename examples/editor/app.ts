/** The app: notes, guests and documents. The browser imports its type alone. */
import { auth } from 'ternion/auth';
import { docs } from 'ternion/crdt/server';
import { defineApp, functions } from 'ternion/server';
import { schema, WELCOME_ID } from './schema.ts';

const { mutation } = functions(schema);

const SUMMARY = 'A note that everybody may write.';
const BODY = `This is CodeMirror, above is a textarea, below is ProseMirror: one document.

Open this page in a second window, a private one, and write in both at once.
Stop the server, go on writing, reload a window, start the server again.
`;

/** Puts the first note there if nobody has yet, with its text; safe to call from every page. */
const open = mutation({
  args: {},
  auth: 'guest',
  async handler(ctx) {
    if (await ctx.db.get('Note', WELCOME_ID)) return;
    const createdAt = ctx.now();
    await ctx.db.insert('Note', { id: WELCOME_ID, title: 'Welcome', ownerId: null, open: true, createdAt });
    await ctx.docs.edit('Note', WELCOME_ID, (doc) => {
      doc.getText('summary').insert(0, SUMMARY);
      doc.getText('body').insert(0, BODY);
    });
  },
});

export const app = defineApp({ schema, functions: { notes: { open } }, plugins: [auth(), docs()] });

export type EditorApp = typeof app;

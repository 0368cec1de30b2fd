/** The app: schema, functions and plugins. The browser imports its type alone. */
import { v } from 'ternion';
import { auth } from 'ternion/auth';
import { docs } from 'ternion/crdt/server';
import { defineApp, functions } from 'ternion/server';
import { shards } from 'ternion/shards/server';
import { BOT_NAMES } from './bot-names.ts';
import { plaza } from './plaza.ts';
import { SIGN_ID, schema } from './schema.ts';

const { mutation, query } = functions(schema);

/** Puts the sign up if nobody has yet; safe to call from every page. */
const open = mutation({
  args: {},
  auth: 'guest',
  async handler(ctx) {
    const sign = await ctx.db.get('Sign', SIGN_ID);
    if (!sign) await ctx.db.insert('Sign', { id: SIGN_ID, title: 'The sign' });
  },
});

const latest = query({
  args: { count: v.int(1, 200) },
  auth: 'public',
  handler: (ctx, { count }) => ctx.db.query('Entry').order('writtenAt', 'desc').take(count),
});

/** The plaza with so many bots. */
export function worldApp({ bots }: { bots: number }) {
  return defineApp({
    schema,
    functions: { sign: { open }, guestbook: { latest } },
    plugins: [
      auth(),
      docs(),
      shards(
        { plaza },
        {
          start: [{ shard: 'plaza', id: 'main', params: { bots } }],
          // After a restart people stand where they stood; another plaza than the one that was kept begins anew.
          checkpoint: { everyMs: 2000, changed: 'anew' },
        },
      ),
    ],
  });
}

export const app = worldApp({ bots: BOT_NAMES.length });

export type WorldApp = typeof app;

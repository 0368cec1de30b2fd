/** The code of docs/guides/matchmaking.md: the server. */
import { defineSchema, entity, field, v } from 'ternion';
import { auth } from 'ternion/auth';
import { defineApp, functions } from 'ternion/server';
import { matchmaker, shards } from 'ternion/shards/server';
import { duel } from './matchmaking-defs.ts';

const Profile = entity('Profile', { rating: field.int(), hero: field.string() });
const schema = defineSchema({ entities: [Profile] });
const { action, mutation } = functions(schema);

const ranked = matchmaker({
  name: 'ranked',
  shard: duel,
  teams: { count: 2, size: 3 },
  rating: { window: 50, widenPerSecond: 5, max: 400 },
  timeoutMs: 120_000,
  backfill: true,
  async enter({ auth, row }) {
    const profile = await row('Profile', auth.userId!);
    return { rating: Number(profile?.rating ?? 1000), data: { hero: String(profile?.hero ?? 'knight') } };
  },
  params: ({ teams }) => ({ map: teams.flat().length > 4 ? 'castle' : 'bridge' }),
});

const plugin = shards({ duel }, { matchmakers: [ranked], lobby: { join: 'guest', shards: ['duel'] } });

const invite = mutation({
  args: { friend: v.id('Profile') },
  handler(ctx, { friend }) {
    const { id } = ctx.shards.create(duel, { map: 'bridge' });
    const ticket = (userId: string, team: number) =>
      ctx.shards.ticket(duel, id, { userId, data: { team, data: null } });
    return { id, mine: ticket(ctx.auth.userId!, 0), theirs: ticket(friend, 1) };
  },
});

const watchLink = action({
  args: { id: v.string() },
  handler: (ctx, { id }) =>
    ctx.shards.ticket(duel, id, { bearer: true, role: 'spectator', expiresMs: 3_600_000 }),
});

const toFinal = action({
  args: { from: v.string(), to: v.string() },
  auth: 'admin',
  async handler(ctx, { from, to }) {
    const match = ctx.shards.find(duel, from);
    for (const player of match?.players ?? []) {
      await match?.transfer(player, { def: duel, id: to }, { team: 0, data: null });
    }
    return null;
  },
});

export const app = defineApp({
  schema,
  functions: { matches: { invite, watchLink, toFinal } },
  plugins: [auth(), plugin],
});

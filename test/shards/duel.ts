/** A duel that players find through a matchmaker: for tests of queues. */
import { c, defineShard, s } from '../../shards/core/index.ts';
import { matchmaker } from '../../shards/server/index.ts';
import { Fault } from '../../src/base/fault.ts';

export const ring = defineShard({
  name: 'ring',
  tickRate: 20,
  components: { team: c.uint({ max: 7 }) },
  input: c.struct({ hit: c.bool() }),
  params: s.object({ key: s.string(16), players: s.int(0, 64) }),
  tickets: 'required',
  authorize: ({ ticket }) => ticket !== null,
  join(world, player) {
    const { team } = player.ticket as { team: number };
    return world.spawn({ team });
  },
  step() {},
});

/** A player's data is `{ rating, key }`: what a real one would read from rows. */
export const duel = matchmaker({
  name: 'duel',
  shard: ring,
  teams: { count: 2, size: 1 },
  rating: { window: 50, widenPerSecond: 10, max: 200 },
  timeoutMs: 30_000,
  joinMs: 5000,
  backfill: true,
  enter({ auth, data }) {
    if (auth.roles.includes('banned')) throw new Fault('forbidden', 'not today');
    const { rating = 0, key = '' } = (data ?? {}) as { rating?: number; key?: string };
    return { rating, key, data: { was: rating } };
  },
  params: ({ key, teams }) => ({ key, players: teams.flat().length }),
});

export const trios = matchmaker({
  ...duel,
  name: 'trios',
  teams: { count: 2, size: 3 },
});

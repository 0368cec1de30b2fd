/** The definition of docs/guides/matchmaking.md, imported by server and browser. */
import { c, defineShard, s } from 'ternion/shards';

const seat = s.object({ team: s.int(0), data: s.nullable(s.object({ hero: s.string(32) })) });

export const duel = defineShard({
  name: 'duel',
  tickRate: 30,
  components: { team: c.uint({ max: 7 }), hero: c.string({ maxBytes: 32 }) },
  input: c.struct({ hit: c.bool() }),
  params: s.object({ map: s.string(32) }),
  tickets: 'required',
  spectate: { delayMs: 10_000 },
  authorize: ({ ticket, spectates }) => spectates || ticket?.role === 'player',
  join(world, player) {
    const { team, data } = seat.parse(player.ticket);
    return world.spawn({ team, hero: data?.hero ?? 'nobody' });
  },
  summary: ({ params, players }) => ({ map: params.map, who: players.map(({ name }) => name) }),
  step() {},
});

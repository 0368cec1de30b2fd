/** The definitions of docs/guides/running-shards.md. Worker threads import this module, so it does nothing else. */
import { c, defineShard, s } from 'ternion/shards';

export const arena = defineShard({
  name: 'arena',
  tickRate: 20,
  components: { position: c.vec2({ min: -64, max: 64, step: 0.01 }), score: c.uint({ max: 9999 }) },
  input: c.struct({ move: c.vec2({ min: -1, max: 1, step: 0.02 }) }),
  limits: { players: 64, inputsPerSecond: 60 },
  authorize: ({ auth }) => auth.userId !== null,
  step(_world, player, { move }, dt) {
    player.position.x += move.x * 5 * dt;
    player.position.y += move.y * 5 * dt;
  },
  answer(world, question) {
    if (question === 'count') return world.entities.length;
    return null;
  },
});

export const table = defineShard({
  name: 'table',
  tickRate: 0,
  components: { owner: c.uint({ max: 9 }), pile: c.uint({ max: 52 }) },
  input: c.struct({ draw: c.uint({ max: 5 }) }),
  params: s.object({ decks: s.int(1, 8) }),
  authorize: ({ auth }) => auth.userId !== null,
  step(_world, player, { draw }) {
    player.pile += draw;
  },
});

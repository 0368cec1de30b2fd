/** The code of docs/guides/what-players-see.md. */
import { c, defineShard, grid, s, visibleTo } from 'ternion/shards';
import { shards } from 'ternion/shards/server';

const components = {
  position: c.vec3({ min: -2048, max: 2048, step: 0.01 }),
  team: c.optional(c.uint({ max: 3 })),
  hidden: c.bool(),
  ammo: c.uint({ max: 500 }).visibleTo('owner'),
  order: c.string().visibleTo('team'),
};

const common = {
  tickRate: 20,
  components,
  input: c.struct({ move: c.vec2({ min: -1, max: 1, step: 0.02 }) }),
  authorize: () => true,
  step() {},
};

export const world = defineShard({
  ...common,
  name: 'world',
  interest: grid({ by: 'position', plane: 'xz', cell: 32, radius: 96, rings: [48, 72] }),
});

export const duel = defineShard({
  ...common,
  name: 'duel',
  interest: visibleTo<typeof components>((player, entity) => !entity.hidden || entity.id === player.entityId),
});

export const slowLinks = defineShard({
  ...common,
  name: 'slow-links',
  interest: grid({ by: 'position', plane: 'xz', cell: 32, radius: 96 }),
  limits: { bytesPerSecond: 8000 },
});

export const stadium = defineShard({
  ...common,
  name: 'stadium',
  interest: grid({ by: 'position', plane: 'xz', cell: 32, radius: 96 }),
  messages: s.object({ look: s.object({ x: s.number(), z: s.number() }) }),
  join(world, player) {
    if (player.roles.includes('player')) return world.spawn({ hidden: false });
    player.eye = { x: 0, y: 0, z: 0 };
    return undefined;
  },
  receive(_world, player, { look }) {
    player.eye = { x: look.x, y: 0, z: look.z };
  },
});

export const worlds = shards(
  { world, duel, slowLinks, stadium },
  { ackWindowMs: 2000, closeAfterMs: 60_000 },
);

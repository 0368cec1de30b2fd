/** The shard of the benchmarks: players who all see each other and run about, each input a new direction. */
import { c, defineShard } from 'ternion/shards';

const SPEED = 5; // m/s
const HALF = 128; // m

export const arena = defineShard({
  name: 'bench',
  tickRate: 20,
  components: {
    position: c.vec2({ min: -HALF, max: HALF, step: 0.01 }),
    yaw: c.angle({ bits: 10 }),
    health: c.int({ min: 0, max: 100 }),
  },
  input: c.struct({ move: c.vec2({ min: -1, max: 1, step: 0.02 }) }),
  limits: { players: 1000, entities: 1000 },
  authorize: () => true,
  join: (world) =>
    world.spawn({
      position: { x: world.random.range(-HALF, HALF), y: world.random.range(-HALF, HALF) },
      health: 100,
    }),
  step(_world, player, { move }, dt) {
    player.position.x += move.x * SPEED * dt;
    player.position.y += move.y * SPEED * dt;
    player.yaw += move.x * dt;
  },
});

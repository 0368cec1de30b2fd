/** What bench/restart.ts kills and starts again: a world of 500 that wander, and those who walk among them. */
import { c, cos, defineShard, sin } from 'ternion/shards';

export const meadow = defineShard({
  name: 'meadow',
  tickRate: 30,
  components: {
    position: c.vec2({ min: -512, max: 512, step: 0.01 }),
    yaw: c.angle({ bits: 10 }),
    wanders: c.bool(),
    name: c.string(),
  },
  input: c.struct({ move: c.vec2({ min: -1, max: 1, step: 0.02 }) }),
  authorize: ({ auth }) => auth.userId !== null,
  start(world) {
    for (let i = 0; i < 500; i++) world.spawn({ wanders: true, name: `sheep ${i}` });
  },
  step(_world, { position }, { move }, dt) {
    position.x += move.x * 5 * dt;
    position.y += move.y * 5 * dt;
  },
  tick(world, dt) {
    for (const entity of world.entities) {
      if (!entity.wanders) continue;
      entity.yaw += world.random.range(-0.3, 0.3);
      entity.position.x += cos(entity.yaw) * dt;
      entity.position.y += sin(entity.yaw) * dt;
    }
  },
});

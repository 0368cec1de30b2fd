/** 200 who are all seen: the world of `netcode.client-frame-ms`. For Node, which plays it, and the page that draws it. */
import { c, cos, defineShard, sin } from 'ternion/shards';

export const VISIBLE = 200;

export const crowd = defineShard({
  name: 'crowd',
  tickRate: 30,
  components: {
    kind: c.enum('player', 'bot'),
    position: c.vec3({ min: -512, max: 512, step: 0.01 }).drawn('hermite'),
    velocity: c.vec2({ min: -16, max: 16, step: 0.02 }),
    yaw: c.angle({ bits: 10 }),
    health: c.int({ min: 0, max: 100 }),
    name: c.string({ maxBytes: 24 }),
  },
  input: c.struct({ move: c.vec2({ min: -1, max: 1, step: 0.02 }), yaw: c.angle({ bits: 10 }) }),
  authorize: () => true,
  start(world) {
    for (let i = 1; i < VISIBLE; i++) {
      const position = { x: world.random.range(-200, 200), y: 0, z: world.random.range(-200, 200) };
      world.spawn({ kind: 'bot', name: `bot ${i}`, health: 100, position, yaw: i });
    }
  },
  join: (world) => world.spawn({ kind: 'player', name: 'ann', health: 100 }),
  step(_world, { position, velocity }, { move }, dt) {
    velocity.x += (move.x * 6 - velocity.x) * 0.3;
    velocity.y += (move.y * 6 - velocity.y) * 0.3;
    position.x += velocity.x * dt;
    position.z += velocity.y * dt;
  },
  tick(world, dt) {
    for (const bot of world.entities) {
      if (bot.kind !== 'bot') continue;
      if (world.random.next() < 0.05) bot.yaw += world.random.range(-0.5, 0.5);
      bot.position.x += cos(bot.yaw) * 4 * dt;
      bot.position.z += sin(bot.yaw) * 4 * dt;
    }
  },
});

/** What the player holds, frame by frame. */
export function inputAt(ms: number): { move: { x: number; y: number }; yaw: number } {
  const angle = ms / 1500;
  return { move: { x: cos(angle), y: sin(angle) }, yaw: angle };
}

/** The shard that the tests play: players walk and turn, bots circle, shots fly, hits are told. */
import { type AnyShardDef, c, cos, defineShard, s, sin } from '../../shards/core/index.ts';

export const arena = defineShard({
  name: 'arena',
  tickRate: 20,
  components: {
    position: c.vec3({ min: -512, max: 512, step: 0.01 }),
    yaw: c.angle({ bits: 10 }),
    health: c.int({ min: 0, max: 100 }),
    kind: c.enum('player', 'bot', 'shot'),
    name: c.string({ maxBytes: 24 }),
    tilt: c.quaternion({ bits: 9 }),
    foe: c.entityId(),
    shield: c.optional(c.scalar({ min: 0, max: 1, step: 0.05 })),
  },
  input: c.struct({
    move: c.vec2({ min: -1, max: 1, step: 0.02 }),
    yaw: c.angle({ bits: 10 }),
    fire: c.bool(),
  }),
  events: {
    hit: s.object({ target: s.int(), damage: s.int() }),
    said: s.object({ by: s.int(), text: s.string(200) }),
  },
  params: s.object({ bots: s.int(0, 1000) }),
  messages: s.object({ say: s.string(200) }),
  limits: { players: 8, entities: 200 },
  authorize: ({ auth }) => auth.userId !== null && !auth.roles.includes('banned'),
  start(world, params) {
    for (let i = 0; i < params.bots; i++) {
      world.spawn({
        kind: 'bot',
        name: `bot ${i}`,
        position: { x: world.random.range(-50, 50), y: 0, z: 0 },
      });
    }
  },
  join(world, player) {
    return world.spawn({
      kind: 'player',
      name: player.name ?? 'guest',
      health: 100,
      position: { x: 0, y: 0, z: 0 },
    });
  },
  receive(world, player, message) {
    world.emit('said', { by: player.entityId, text: message.say });
  },
  step(world, entity, input, dt) {
    entity.yaw = input.yaw;
    const { x, y, z, w } = entity.tilt;
    const [lean, roll] = [input.move.x * 0.1, sin(input.yaw) * 0.1];
    entity.tilt = {
      x: x + lean * w,
      y: y + roll * w,
      z: z + lean * y - roll * x,
      w: w - lean * x - roll * y,
    };
    if (input.fire) entity.foe = Math.round(world.random.range(0, 60));
    const speed = input.fire ? 4 + world.random.next() : 8;
    entity.position.x += (cos(input.yaw) * input.move.y + sin(input.yaw) * input.move.x) * speed * dt;
    entity.position.z += (sin(input.yaw) * input.move.y - cos(input.yaw) * input.move.x) * speed * dt;
  },
  tick(world, dt) {
    for (const entity of world.entities) {
      if (entity.kind !== 'bot') continue;
      entity.yaw += world.random.range(-0.3, 0.3);
      entity.position.x += cos(entity.yaw) * 3 * dt;
      entity.position.z += sin(entity.yaw) * 3 * dt;
    }
  },
});
export const anyDef: AnyShardDef = arena;

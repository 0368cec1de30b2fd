/** A shooting range: a target runs along x; who fires says where he aims, and is told what he has hit. */
import { c, capsule, defineShard, s } from '../../shards/core/index.ts';

export const range = defineShard({
  name: 'range',
  tickRate: 30,
  components: {
    position: c.vec3({ min: -512, max: 512, step: 0.01 }),
    target: c.bool(),
    aim: c.vec3({ min: -512, max: 512, step: 0.01 }),
    shots: c.uint({ max: 1000 }),
    fired: c.bool(),
  },
  input: c.struct({ aim: c.vec3({ min: -512, max: 512, step: 0.01 }), fire: c.bool() }),
  events: {
    shot: s.object({ hit: s.int(), seen: s.number(), x: s.number() }),
  },
  messages: s.object({ rewind: s.bool() }),
  rewind: {
    components: ['position'],
    ms: 1000,
    hitboxes: { body: capsule({ from: { x: 0, y: 0.3 }, to: { x: 0, y: 1.5 }, radius: 0.3 }) },
  },
  authorize: () => true,
  start(world) {
    world.spawn({ target: true, position: { x: -30, y: 0, z: 20 } });
  },
  step(_world, entity, input) {
    entity.fired = input.fire;
    entity.aim = input.aim;
  },
  tick(world, dt) {
    for (const { target, position } of world.entities) if (target) position.x += 6 * dt;
    for (const entity of world.entities) {
      if (!entity.fired) continue;
      const past = world.rewind(entity.id);
      const eye = { x: entity.position.x, y: 1, z: entity.position.z };
      const { aim } = entity;
      const way = { x: aim.x - eye.x, y: aim.y - eye.y, z: aim.z - eye.z };
      const hit = past.raycast(eye, way, { length: 100 });
      const target = world.entities.find((each) => each.target)!.id;
      const shot = { hit: hit?.id ?? 0, seen: past.tick, x: past.positionAt(target)!.x };
      world.emit('shot', shot, entity.id);
    }
  },
});

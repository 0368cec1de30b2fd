/** The code of docs/guides/components.md. */
import { c, defineShard, grid, type Quaternion, type Vec3 } from 'ternion/shards';

export const yard = defineShard({
  name: 'yard',
  tickRate: 20,
  components: {
    position: c.vec3({ min: -512, max: 512, step: 0.01 }),
    rotation: c.quaternion({ bits: 10 }),
    kind: c.enum('player', 'crate', 'drone'),
    name: c.string({ maxBytes: 24 }),
    team: c.optional(c.uint({ max: 3 })),
    health: c.int({ min: 0, max: 100 }).every(4),
    carriedBy: c.entityId(),
    cargo: c.json<{ items: string[] }>({ maxBytes: 200 }),
    stamina: c.scalar({ min: 0, max: 1, step: 0.01 }).visibleTo('owner'),
    order: c.optional(c.entityId()).every(8).visibleTo('team'),
    spin: c.vec3({ min: -8, max: 8, step: 0.01 }).visibleTo('owner'),
  },
  input: c.struct({
    move: c.vec2({ min: -1, max: 1, step: 0.02 }),
    look: c.quaternion({ bits: 8 }),
    lift: c.entityId(),
  }),
  interest: grid({ by: 'position', plane: 'xz', cell: 32, radius: 96 }),
  authorize: () => true,
  start(world) {
    for (let n = 0; n < 20; n++) {
      world.spawn({
        kind: 'crate',
        position: { x: world.random.range(-50, 50), y: 0, z: world.random.range(-50, 50) },
        cargo: { items: ['rope', 'lamp'] },
      });
    }
  },
  step(world, me, { move, look, lift }, dt) {
    me.position.x += move.x * 6 * dt;
    me.position.z += move.y * 6 * dt;
    me.rotation = look;
    me.stamina += (lift === 0 ? 0.2 : -0.1) * dt;
    const crate = world.get(lift);
    if (crate?.kind === 'crate' && me.stamina > 0) crate.carriedBy = me.id;
  },
  tick(world, dt) {
    for (const crate of world.entities) {
      if (crate.kind !== 'crate') continue;
      const carrier = world.get(crate.carriedBy);
      if (carrier) crate.position = carrier.position;
      else crate.carriedBy = 0;
      crate.rotation = spun(crate.rotation, crate.spin, dt);
      const { cargo } = crate;
      if (cargo && carrier) crate.cargo = { ...cargo, items: cargo.items.slice(1) };
    }
  },
});

/** Turned about `spin`, in radians a second. Writing it makes its length 1 again. */
function spun({ x, y, z, w }: Quaternion, spin: Vec3, dt: number): Quaternion {
  const [sx, sy, sz] = [(spin.x * dt) / 2, (spin.y * dt) / 2, (spin.z * dt) / 2];
  return {
    x: x + sx * w + sy * z - sz * y,
    y: y + sy * w + sz * x - sx * z,
    z: z + sz * w + sx * y - sy * x,
    w: w - sx * x - sy * y - sz * z,
  };
}

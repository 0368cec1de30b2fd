/** The code of docs/guides/lag-compensation.md. */
import { c, capsule, cos, defineShard, type EntityOf, s, sin, sphere, type WorldOf } from 'ternion/shards';

const EYES = 1.6;
const REST_TICKS = 6;

export const range = defineShard({
  name: 'range',
  tickRate: 30,
  components: {
    position: c.vec3({ min: -256, max: 256, step: 0.01 }).teleport(2),
    yaw: c.angle({ bits: 12 }),
    pitch: c.angle({ bits: 12 }),
    crouched: c.bool(),
    health: c.uint({ max: 100 }),
    rest: c.uint({ max: 15 }).visibleTo('owner'),
    shoots: c.bool().visibleTo('owner'),
  },
  input: c.struct({
    move: c.vec2({ min: -1, max: 1, step: 0.02 }),
    yaw: c.angle({ bits: 12 }),
    pitch: c.angle({ bits: 12 }),
    crouch: c.bool(),
    fire: c.bool(),
  }),
  events: { hit: s.object({ by: s.int(), target: s.int(), at: s.string(8) }) },
  rewind: {
    components: ['position', 'crouched'],
    ms: 500,
    hitboxes: {
      low: capsule({ from: { x: 0, y: 0.4, z: 0 }, to: { x: 0, y: 0.7, z: 0 }, radius: 0.4 }),
      body: capsule({ from: { x: 0, y: 0.4, z: 0 }, to: { x: 0, y: 1.2, z: 0 }, radius: 0.4 }),
      head: sphere({ center: { x: 0, y: 1.6, z: 0 }, radius: 0.2 }),
    },
    hitbox: ({ crouched }) => (crouched ? 'low' : ['body', 'head']),
  },
  authorize: ({ auth }) => auth.userId !== null,
  join: (world) => world.spawn({ health: 100 }),

  step(_world, player, input, dt) {
    player.yaw = input.yaw;
    player.pitch = input.pitch;
    player.crouched = input.crouch;
    player.position.x += input.move.x * 5 * dt;
    player.position.z += input.move.y * 5 * dt;
    player.shoots = input.fire && player.rest === 0;
    if (player.shoots) player.rest = REST_TICKS;
    else if (player.rest > 0) player.rest--;
  },

  tick(world) {
    for (const player of world.entities) if (player.shoots) shoot(world, player);
  },
});

type Range = WorldOf<typeof range>;
type Person = EntityOf<typeof range>;

function shoot(world: Range, player: Person): void {
  const { x, y, z } = player.position;
  const eyes = { x, y: y + EYES, z };
  const flat = cos(player.pitch);
  const direction = { x: sin(player.yaw) * flat, y: sin(player.pitch), z: cos(player.yaw) * flat };
  const hit = world.rewind(player.id).raycast(eyes, direction, { length: 100 });
  const target = hit && world.get(hit.id);
  if (!target) return; // a wall, or somebody who is gone by now
  target.health -= hit.hitbox === 'head' ? 80 : 25;
  world.emit('hit', { by: player.id, target: hit.id, at: hit.hitbox ?? '' });
}

export function swing(world: Range, player: Person): void {
  const past = world.rewind(player.id);
  for (const id of past.near(player.position, 2)) {
    const seen = past.positionAt(id);
    const target = world.get(id);
    if (seen && target && isBefore(player, seen)) target.health -= 40;
  }
}

export function isSafe(world: Range, player: Person): boolean {
  const zone = sphere({ center: player.position, radius: 8 });
  return world.rewind(player.id).overlap(zone).length === 0;
}

function isBefore({ position, yaw }: Person, { x, z }: { x: number; z: number }): boolean {
  return sin(yaw) * (x - position.x) + cos(yaw) * (z - position.z) > 0;
}

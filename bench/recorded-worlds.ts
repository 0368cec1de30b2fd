/**
 * Worlds whose motion the codec is tuned for (tune-residuals.ts): people on a plane, the plaza of the examples, things
 * that fly and steer, things that fall and bounce, things that tumble. All from seeds.
 */
import {
  type AnyShardDef,
  type Chance,
  c,
  cos,
  defineShard,
  type InputOf,
  type Quaternion,
  sin,
  type Vec3,
} from 'ternion/shards';
import { plaza } from '../examples/world/plaza.ts';
import { arena } from './arena.ts';
import { BotScript } from './bot-script.ts';

export interface RecordedWorld {
  readonly name: string;
  readonly def: AnyShardDef;
  readonly params: unknown;
  readonly players: number;
  /** What a player does in a tick; the same object may be given each time. */
  input(player: number): object;
}

function scripted(count: number): (player: number) => object {
  const scripts = Array.from({ length: count }, (_, n) => new BotScript(n));
  return (player) => {
    const script = scripts[player]!;
    script.next();
    const { moveX, moveY, yaw, fire } = script;
    return { move: { x: moveX, y: moveY }, yaw, fire };
  };
}

const flight = defineShard({
  name: 'flight',
  tickRate: 30,
  components: {
    position: c.vec3({ min: -512, max: 512, step: 0.01 }),
    yaw: c.angle({ bits: 10 }),
    pitch: c.angle({ bits: 10 }),
    speed: c.scalar({ min: 0, max: 60, step: 0.05 }),
    fuel: c.scalar({ min: 0, max: 100, step: 0.1 }),
    hull: c.uint({ max: 100 }),
  },
  input: c.struct({ turn: c.vec2({ min: -1, max: 1, step: 0.02 }), fire: c.bool() }),
  limits: { entities: 300 },
  authorize: () => true,
  join: (world) =>
    world.spawn({
      position: {
        x: world.random.range(-300, 300),
        y: world.random.range(-300, 300),
        z: world.random.range(-300, 300),
      },
      yaw: world.random.range(-3, 3),
      speed: 20,
      fuel: 100,
      hull: 100,
    }),
  step(_world, plane, { turn, fire }, dt) {
    plane.yaw += turn.x * dt;
    plane.pitch = Math.max(-1, Math.min(1, plane.pitch + turn.y * dt));
    plane.speed += (30 + turn.y * 20 - plane.speed) * dt;
    plane.fuel = plane.fuel > 0 ? plane.fuel - plane.speed * dt * 0.02 : 100;
    const flat = cos(plane.pitch) * plane.speed * dt;
    plane.position.x += sin(plane.yaw) * flat;
    plane.position.y += sin(plane.pitch) * plane.speed * dt;
    plane.position.z += cos(plane.yaw) * flat;
    if (fire) plane.hull = plane.hull > 0 ? plane.hull - 7 : 100;
  },
});

/** Pilots hold the stick for a while. */
function pilots(count: number): (player: number) => InputOf<typeof flight> {
  const inner = scripted(count);
  return (player) => {
    const { move, fire } = inner(player) as { move: { x: number; y: number }; fire: boolean };
    return { turn: move, fire };
  };
}

const GRAVITY = 9.8;
const balls = defineShard({
  name: 'balls',
  tickRate: 30,
  components: {
    position: c.vec3({ min: -64, max: 64, step: 0.005 }),
    velocity: c.vec3({ min: -40, max: 40, step: 0.01 }),
    bounces: c.uint({ max: 1023 }),
    kind: c.enum('ball', 'stone', 'star'),
  },
  input: c.struct({ none: c.bool() }),
  limits: { entities: 300 },
  authorize: () => true,
  start(world) {
    for (let i = 0; i < 150; i++) {
      world.spawn({
        position: {
          x: world.random.range(-60, 60),
          y: world.random.range(0, 40),
          z: world.random.range(-60, 60),
        },
        velocity: { x: world.random.range(-9, 9), y: 0, z: world.random.range(-9, 9) },
        kind: world.random.pick(['ball', 'stone', 'star']),
      });
    }
  },
  step() {},
  tick(world, dt) {
    for (const ball of world.entities) {
      const { position, velocity } = ball;
      velocity.y -= GRAVITY * dt;
      position.x += velocity.x * dt;
      position.y += velocity.y * dt;
      position.z += velocity.z * dt;
      if (position.y < 0) {
        position.y = -position.y;
        velocity.y = Math.abs(velocity.y) < 1 ? 9 : -velocity.y * 0.8;
        velocity.x = world.random.range(-9, 9);
        ball.bounces = (ball.bounces + 1) % 1024;
      }
      if (Math.abs(position.x) > 63) velocity.x = -velocity.x;
      if (Math.abs(position.z) > 63) velocity.z = -velocity.z;
    }
  },
});

/** Crates that tumble, fall and bounce, and lie still for a while. Only what is drawn is sent. */
const debris = defineShard({
  name: 'debris',
  tickRate: 30,
  components: {
    position: c.vec3({ min: -64, max: 64, step: 0.005 }),
    rotation: c.quaternion(),
    velocity: c.vec3({ min: -40, max: 40, step: 0.01 }).visibleTo('owner'),
    spin: c.vec3({ min: -16, max: 16, step: 0.01 }).visibleTo('owner'),
    still: c.bool().visibleTo('owner'),
  },
  input: c.struct({ none: c.bool() }),
  limits: { entities: 300 },
  authorize: () => true,
  start(world) {
    for (let i = 0; i < 150; i++) {
      const position = { ...around(world.random, 60), y: world.random.range(-60, 0) };
      const rotation = { ...around(world.random, 1), w: 0.5 };
      world.spawn({ position, rotation, velocity: around(world.random, 9), spin: around(world.random, 4) });
    }
  },
  step() {},
  tick(world, dt) {
    for (const body of world.entities) {
      const { position, velocity, spin } = body;
      const { random } = world;
      if (body.still) {
        if (random.next() > 0.02) continue;
        body.still = false;
        body.velocity = { ...around(random, 9), y: random.range(6, 16) };
        body.spin = around(random, 6);
      }
      velocity.y -= GRAVITY * dt;
      position.x += velocity.x * dt;
      position.y += velocity.y * dt;
      position.z += velocity.z * dt;
      body.rotation = spun(body.rotation, spin, dt);
      // A body that is not a ball wobbles.
      const { x, y, z } = spin;
      body.spin = { x: x + y * z * 0.4 * dt, y: y - z * x * 0.7 * dt, z: z + x * y * 0.3 * dt };
      for (const axis of ['x', 'y', 'z'] as const) {
        if (Math.abs(position[axis]) < 63.9) continue;
        velocity[axis] *= -0.7;
        position[axis] = position[axis] > 0 ? 63.8 : -63.8;
        body.spin = around(random, 6);
        body.still = axis === 'y' && Math.abs(velocity.y) < 2;
      }
    }
  },
});

function around(random: Chance, size: number): Vec3 {
  return { x: random.range(-size, size), y: random.range(-size, size), z: random.range(-size, size) };
}

/** Turned for `dt` seconds about `spin`, in radians a second: q + spin * q * dt / 2, made a length of 1 when written. */
function spun({ x, y, z, w }: Quaternion, spin: Vec3, dt: number): Quaternion {
  const [sx, sy, sz] = [(spin.x * dt) / 2, (spin.y * dt) / 2, (spin.z * dt) / 2];
  return {
    x: x + sx * w + sy * z - sz * y,
    y: y + sy * w + sz * x - sx * z,
    z: z + sz * w + sx * y - sy * x,
    w: w - sx * x - sy * y - sz * z,
  };
}

const PLAYERS = 150;

export const RECORDED_WORLDS: readonly RecordedWorld[] = [
  {
    name: 'arena',
    def: arena({ half: 160, players: PLAYERS, walkers: 0 }),
    params: {},
    players: PLAYERS,
    input: scripted(PLAYERS),
  },
  { name: 'plaza', def: plaza, params: { bots: 100 }, players: 30, input: scripted(30) },
  { name: 'flight', def: flight, params: {}, players: PLAYERS, input: pilots(PLAYERS) },
  { name: 'balls', def: balls, params: {}, players: 0, input: () => ({ none: false }) },
  { name: 'debris', def: debris, params: {}, players: 0, input: () => ({ none: false }) },
];

/**
 * The worlds of the shard benchmarks: people walk about on a square and turn now and then. Server and load make
 * the same definition from the same options. In a sealed world each entity carries the tick and a check sum of
 * itself, so that a reader notices a state that no tick of the server had.
 */
import { c, cos, defineShard, type EntityOf, everyone, grid, sin } from 'ternion/shards';

export const TICK_RATE = 20;
export const WALK_SPEED = 5; // m/s
export const POSITION_STEP = 0.01; // m

export interface ArenaOptions {
  /** Half the side of the square, in metres. */
  readonly half: number;
  readonly players: number;
  /** Entities that walk about by themselves, beside the players. */
  readonly walkers: number;
  readonly sealed?: boolean;
  /** Whether all see all, instead of those around them. */
  readonly open?: boolean;
  /** Whether what is far is sent less often. */
  readonly rings?: boolean;
}

/** As in bench/peers/colyseus/grid.js. */
const CELL = 32; // m
const RADIUS = 96; // m
const RINGS = [48, 72] as const;

/** Of a walker: how likely it turns in a tick. */
const TURN = 0.05;

export function arena(options: ArenaOptions) {
  const { half, players, walkers, sealed = false, open = false, rings = false } = options;
  const near = { by: 'position', cell: CELL, radius: RADIUS };
  return defineShard({
    name: 'bench',
    tickRate: TICK_RATE,
    components: {
      position: c.vec2({ min: -half, max: half, step: POSITION_STEP }),
      yaw: c.angle({ bits: 10 }),
      health: c.uint({ max: 100 }),
    },
    input: c.struct({
      move: c.vec2({ min: -1, max: 1, step: 0.02 }),
      yaw: c.angle({ bits: 10 }),
      fire: c.bool(),
    }),
    interest: open ? everyone() : grid(rings ? { ...near, rings: RINGS } : near),
    limits: { players: Math.max(1, players), entities: players + walkers + 1 },
    authorize: () => true,
    start(world) {
      for (let i = 0; i < walkers; i++) {
        const [x, y] = [world.random.range(-half, half), world.random.range(-half, half)];
        world.spawn({ position: { x, y }, yaw: world.random.range(-Math.PI, Math.PI), health: 100 });
      }
    },
    join(world) {
      const [x, y] = [world.random.range(-half, half), world.random.range(-half, half)];
      return world.spawn({ position: { x, y }, health: 100 });
    },
    step(_world, player, { move, yaw, fire }, dt) {
      player.position.x += move.x * WALK_SPEED * dt;
      player.position.y += move.y * WALK_SPEED * dt;
      player.yaw = yaw;
      if (fire) player.health = player.health > 0 ? player.health - 1 : 99;
    },
    tick(world, dt) {
      const { entities } = world;
      for (let i = 0; i < walkers; i++) {
        const walker = entities[i]!; // they came first, so their ids are the lowest
        if (world.random.next() < TURN) walker.yaw = world.random.range(-Math.PI, Math.PI);
        walker.position.x += sin(walker.yaw) * WALK_SPEED * dt;
        walker.position.y += cos(walker.yaw) * WALK_SPEED * dt;
      }
      if (sealed) for (const entity of entities) seal(entity, world.tick);
    },
  });
}

type Arena = ReturnType<typeof arena>;
type Person = EntityOf<Arena>;

/** As many as an angle of 10 bits has values. */
const STAMPS = 1024;

function seal(person: Person, tick: number): void {
  const stamp = tick % STAMPS;
  person.yaw = stamp * ((2 * Math.PI) / STAMPS);
  person.health = sumOf(person, stamp);
}

/** Whether an entity of a sealed world is as it was at `tick`. */
export function isWhole(person: Person, tick: number): boolean {
  const stamp = Math.round(person.yaw / ((2 * Math.PI) / STAMPS)) & (STAMPS - 1);
  return stamp === tick % STAMPS && person.health === sumOf(person, stamp);
}

function sumOf({ id, position }: Person, stamp: number): number {
  const [x, y] = [Math.round(position.x / POSITION_STEP), Math.round(position.y / POSITION_STEP)];
  const sum = Math.imul(Math.imul(Math.imul(id, 31) + x, 0x9e3779b1) + y, 0x85ebca6b) + stamp * 0x27d4eb2f;
  return ((sum ^ (sum >>> 15)) >>> 0) % 101;
}

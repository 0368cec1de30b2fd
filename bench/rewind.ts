/**
 * Rewinds of a shard: 300 players that run about at 30 Hz, remembered for a second. A ray is what one shot costs: the
 * world as its player saw it, which is another moment for each, and the first of all others in its way. Also what
 * recording a tick costs, and what is remembered of an entity and tick.
 */
import { c, capsule, defineShard, sphere } from 'ternion/shards';
import { WorldColumns } from '../shards/core/world-columns.ts';
import type { AnyWorld } from '../shards/server/private-rows.ts';
import { Rewinder } from '../shards/server/rewinder.ts';
import { Sighting } from '../shards/server/sighting.ts';
import type { Workload } from './figure.ts';

const PLAYERS = 300;
const TICKS = 120;
const SIDE = 60;

const def = defineShard({
  name: 'range',
  tickRate: 30,
  components: { position: c.vec3({ min: -512, max: 512, step: 0.01 }), yaw: c.angle({ bits: 10 }) },
  input: c.struct({ fire: c.bool() }),
  rewind: {
    components: ['position', 'yaw'],
    ms: 1000,
    hitboxes: {
      body: capsule({ from: { x: 0, y: 0.4, z: 0 }, to: { x: 0, y: 1.3, z: 0 }, radius: 0.4 }),
      head: sphere({ center: { x: 0, y: 1.65, z: 0 }, radius: 0.2 }),
    },
  },
  authorize: () => true,
  step() {},
});

function rewind(): Workload {
  const plan = def.rewindPlan!;
  const options = { seed: 'bench', stepSeed: 'bench', maxEntities: PLAYERS, emit: () => {} };
  const world = new WorldColumns<typeof def.components, Record<never, never>>(def.entityType, options);
  const seats = Array.from({ length: PLAYERS }, () => ({ entityId: 0, sighting: new Sighting() }));
  const rewinder = new Rewinder(plan, world as unknown as AnyWorld, seats);
  const place = () => world.random.range(0, SIDE);
  for (const seat of seats) {
    seat.entityId = world.spawn({ position: { x: place(), y: 0, z: place() } }).id;
  }
  rewinder.record();
  const run = async () => {
    let recordMs = 0;
    let rayMs = 0;
    let hits = 0;
    for (let i = 0; i < TICKS; i++) {
      world.tick++;
      for (const { position } of world.entities) {
        position.x += world.random.range(-0.2, 0.2);
        position.z += world.random.range(-0.2, 0.2);
      }
      for (const [n, { sighting }] of seats.entries()) sighting.step(world.tick, 100 + n);
      const begun = performance.now();
      for (const { entityId } of seats) {
        const { x, z } = world.get(entityId)!.position;
        const past = rewinder.rewind(entityId);
        if (past.raycast({ x, y: 1.5, z }, { x: SIDE / 2 - x, y: 0, z: SIDE / 2 - z }, { length: 100 }))
          hits++;
      }
      const shot = performance.now();
      rewinder.record();
      recordMs += performance.now() - shot;
      rayMs += shot - begun;
    }
    if (hits < TICKS * PLAYERS * 0.2) throw new Error(`only ${hits} hits`);
    return {
      'netcode.rewind-raycast-us': (rayMs * 1000) / TICKS / PLAYERS,
      'netcode.rewind-record-us': (recordMs * 1000) / TICKS,
      'netcode.rewind-bytes': rewinder.history.bytes / PLAYERS / def.tickRate,
    };
  };
  return {
    units: {
      'netcode.rewind-raycast-us': 'us',
      'netcode.rewind-record-us': 'us/tick',
      'netcode.rewind-bytes': 'B/entity/tick',
    },
    run,
  };
}

export const rewindWorkloads: Record<string, () => Workload> = { 'netcode.rewind': rewind };

/** Components that are sent in some frames only, and their owner, who predicts them. */
import { expect, test } from 'vitest';
import { c, cos, defineShard, sin } from '../../shards/core/index.ts';
import { SimShards } from './sim-shards.ts';

/** All that moves is sent in every 8th frame, and the step depends on all of it. */
const spinners = defineShard({
  name: 'spinners',
  tickRate: 20,
  components: {
    team: c.optional(c.uint({ max: 3 })),
    at: c.vec2({ min: -512, max: 512, step: 0.01 }).every(8),
    turn: c.quaternion().every(8),
    speed: c.scalar({ min: 0, max: 20, step: 0.05 }).every(4),
    plan: c.uint({ max: 1000 }).every(2).visibleTo('team'),
    mark: c.uint({ max: 1000 }).visibleTo('team'),
    heat: c.uint({ max: 1000 }).visibleTo('owner'),
    steps: c.optional(c.uint({ max: 1000 })).every(64),
  },
  input: c.struct({ push: c.bool(), turn: c.angle({ bits: 10 }) }),
  authorize: () => true,
  join: (world, player) => world.spawn(player.name === 'cid' ? {} : { team: 1 }),
  step(_world, me, { push, turn }, dt) {
    const half = turn / 2;
    me.turn = { x: 0, y: sin(half), z: 0, w: cos(half) };
    me.speed += (push ? 9 : -3) * dt;
    const { y, w } = me.turn;
    me.at.x += me.speed * (1 - 2 * y * y) * dt;
    me.at.y += me.speed * 2 * y * w * dt;
    me.heat = (me.heat + Math.round(me.speed)) % 1000;
    me.mark = (me.heat * 3) % 1000;
    me.plan = (me.heat * 7) % 1000;
    me.steps = ((me.steps ?? 0) + (push ? 7 : 1)) % 1000;
  },
});

async function players(...names: string[]) {
  const sim = new SimShards({ spinners }, { start: [{ shard: 'spinners', id: 'one' }] });
  await sim.instance.start?.();
  const joined = [];
  for (const name of names) {
    joined.push(await sim.join(spinners, { userId: name, latencyMs: 40 }, { id: 'one' }));
  }
  await sim.env.clock.advance(3000);
  return {
    sim,
    handles: joined.map(({ handle }) => handle),
    world: sim.directory.find(spinners, 'one')!.world,
  };
}

test.each(['ann', 'cid'])(
  '[T6] of his own entity a player is told all in every frame, whatever its rate: %s',
  async (name) => {
    const { sim, handles, world } = await players(name);
    const [handle] = handles;
    const before = handle!.stats.mispredictions;
    for (let i = 0; i < 200; i++) {
      handle!.send({ push: i % 7 < 4, turn: i / 9 });
      await sim.env.clock.advance(37);
    }
    expect(handle!.stats.mispredictions).toBe(before);
    // And what the server does to it is put right at once, not with the next frame of that component.
    const own = world.get(handle!.me!.id)!;
    own.at.x = 100;
    own.steps = undefined;
    await sim.env.clock.advance(200);
    expect(Math.abs(handle!.me!.at.x - own.at.x)).toBeLessThan(10);
    expect(own.at.x).toBeGreaterThan(80);
    expect(Math.abs(handle!.me!.steps! - own.steps!)).toBeLessThan(60);
    expect(handle!.stats.mispredictions).toBeLessThan(before + 3);
  },
);

test('others are told at its rate: what does not move stays in between', async () => {
  const { sim, handles, world } = await players('ann', 'bob', 'cid');
  const [ann, bob, cid] = handles;
  const id = ann!.me!.id;
  const own = world.get(id)!;
  const seen = { plan: new Set<number>(), steps: new Set<number | undefined>(), told: new Set<number>() };
  const tick = sim.directory.find(spinners, 'one')!.world.tick;
  for (let i = 0; i < 64; i++) {
    ann!.send({ push: i % 2 === 0, turn: i / 9 });
    await sim.env.clock.advance(50);
    const shown = bob!.entities.find((entity) => entity.id === id)!;
    seen.plan.add(shown.plan);
    seen.steps.add(shown.steps);
    seen.told.add(own.plan);
    expect(cid!.entities.find((entity) => entity.id === id)!.plan).toBe(0);
    expect(shown.heat).toBe(0);
  }
  expect(world.tick - tick).toBe(64);
  expect(seen.told.size).toBeGreaterThan(50);
  expect(seen.plan.size).toBeLessThan(36);
  expect(seen.plan.size).toBeGreaterThan(20);
  expect(seen.steps.size).toBeLessThanOrEqual(2);
});

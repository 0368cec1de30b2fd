/** Shots at what a player sees, over slow and uneven links: the server goes back to that very moment. */
import { expect, test } from 'vitest';
import { c, capsule, defineShard, s } from '../../shards/core/index.ts';
import { InputEncoder } from '../../shards/core/input-codec.ts';
import { LAG_PARTS } from '../../shards/core/rewind-plan.ts';
import { SimShards } from './sim-shards.ts';

/** Targets run along x; who fires says where he aims, and the server tells what he has hit and where it was then. */
const range = defineShard({
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

const start = [{ shard: 'range', id: 'one' }];

/** One player who fires, twice a second, at the very place where the target is drawn. */
async function shoot(link: { latencyMs: number; jitterMs?: number; loss?: number }, def = range) {
  const sim = new SimShards({ range: def }, { start });
  await sim.instance.start?.();
  const { handle } = await sim.join(def, { userId: 'ann', ...link }, { id: 'one' });
  const shots: { hit: number; seen: number; x: number }[] = [];
  handle.onEvent('shot', (shot) => shots.push(shot));
  await sim.env.clock.advance(3000);
  const drawn: { x: number; playhead: number }[] = [];
  for (let i = 0; i < 20; i++) {
    await sim.env.clock.advance(237);
    const target = handle.entities.find((each) => each.target)!;
    const { x } = target.position;
    drawn.push({ x, playhead: handle.clock.playhead });
    handle.send({ fire: true, aim: { x, y: 1, z: 20 } });
    await sim.env.clock.advance(50);
    handle.send({ fire: false });
    await sim.env.clock.advance(220);
  }
  await sim.env.clock.advance(1000);
  return { sim, handle, shots, drawn };
}

test.each([
  { latencyMs: 5, loss: 0 },
  { latencyMs: 40, jitterMs: 10, loss: 0 },
  { latencyMs: 80, jitterMs: 20, loss: 0.02 },
  { latencyMs: 200, jitterMs: 20, loss: 0 },
])('over $latencyMs ms, what is hit is what was drawn: within centimetres', async (link) => {
  const { shots, drawn, handle } = await shoot(link);
  const target = handle.entities.find((each) => each.target)!.id;
  // A trigger is held for a tick or two; its first shot is the one that was aimed.
  const aimed = drawn.flatMap(({ x, playhead }) => {
    const shot = shots.find(({ seen }) => Math.abs(seen - playhead) < 0.5);
    return shot ? [{ hit: shot.hit === target, error: Math.abs(shot.x - x) }] : [];
  });
  const errors = aimed.map(({ error }) => error).sort((a, b) => a - b);
  // At 6 m/s a tick is 20 cm.
  expect(errors[Math.floor(errors.length / 2)]).toBeLessThan(0.01);
  // Where the line stalls, inputs come too late, and what is drawn is a guess that is put right little by little.
  const least = link.loss ? 12 : 20;
  expect(aimed.filter(({ hit }) => hit).length).toBeGreaterThanOrEqual(least);
  expect(errors[least - 1]).toBeLessThan(link.loss ? 0.1 : 0.01);
});

/** A client that writes its own inputs, and aims at where the target was when it says. */
async function hostile() {
  const sim = new SimShards({ range }, { start });
  await sim.instance.start?.();
  const { handle } = await sim.join(range, { userId: 'ann', latencyMs: 1 }, { id: 'one' });
  const shots: { hit: number; seen: number; x: number }[] = [];
  const { world } = sim.directory.find(range, 'one')!;
  handle.onEvent('shot', (shot) => shots.push(shot));
  const eve = sim.client({ userId: 'eve', latencyMs: 1 });
  let closed = '';
  const channel = eve.channels.open(
    'shard',
    { shard: 'range', id: 'one' },
    {
      opened: () => {},
      frame: () => {},
      lost: () => {},
      closed: (fault) => {
        closed = fault.code;
      },
    },
  );
  await sim.env.clock.advance(2500);
  const table = range.inputType.table(1);
  const { values } = table.columns[table.lanes.length - 1]!;
  const me = world.entities.findLast((each) => !each.target)!.id;
  /** Tells `lag` with an input for the next tick but one; says what moment the server took. */
  const tell = async (lag: number) => {
    values[0] = lag;
    const tick = world.tick + 2;
    const header = { ackTick: 0, firstTick: tick, count: 1 };
    channel.send(new InputEncoder().encode(header, table, () => 0));
    await sim.env.clock.until(() => world.tick >= tick || closed !== '');
    return { seen: closed ? Number.NaN : seenBy(me), tick };
  };
  const seenBy = (entity: number) => world.rewind(entity).tick;
  return { tell, me, closedWith: () => closed, sim };
}

test('[N3] a liar sees the past no longer ago than the limit, never the future, and never an earlier moment again', async () => {
  const { tell } = await hostile();
  const { maxLag } = range.rewindPlan!;
  const oldest = await tell(maxLag);
  expect(oldest.seen).toBe(oldest.tick - 1 - 30);
  const newest = await tell(1);
  expect(newest.seen).toBe(newest.tick - 1 - 1 / LAG_PARTS);
  // One tick goes by without an input, which counts as made like the last. What he says then would be before that.
  const again = await tell(maxLag);
  expect(again.seen).toBe(newest.seen + 1);
  const silent = await tell(0);
  expect(silent.seen).toBe(again.seen);
});

test('[N1] a moment that no client can say closes the channel', async () => {
  const { tell, closedWith } = await hostile();
  await tell(range.rewindPlan!.maxLag + 1);
  expect(closedWith()).toBe('bad_message');
});

test('[T1] the moment is part of the input: the same inputs give the same hits', async () => {
  const run = async () => (await shoot({ latencyMs: 60, jitterMs: 30 })).shots;
  const first = await run();
  expect(first.length).toBeGreaterThan(15);
  expect(await run()).toEqual(first);
});

test('who has no seat, or has not said what he sees, sees the newest frame', async () => {
  const { sim, me } = await hostile();
  const { world } = sim.directory.find(range, 'one')!;
  expect(world.rewind(me).tick).toBe(world.tick);
  expect(world.rewind(world.entities[0]!.id).tick).toBe(world.tick);
  expect(world.rewind({ userId: null, name: null, roles: [], entityId: 0 }).tick).toBe(world.tick);
});

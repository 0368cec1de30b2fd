/** Shards of tick rate 0: they compute when something happens, and rest. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { joinShard } from '../../shards/client/index.ts';
import { c, defineShard, s } from '../../shards/core/index.ts';
import { SimShards } from './sim-shards.ts';

/** A table at which everybody may add to a sum of his own. */
function newTable(limits = {}) {
  /** What was computed, tick by tick: who stepped with what, and the tick's length. */
  const log: { steps: [number, number][]; dt: number; hash: string }[] = [];
  let steps: [number, number][] = [];
  const def = defineShard({
    name: 'table',
    tickRate: 0,
    components: { sum: c.uint({ max: 1e9 }), chance: c.uint({ max: 1000 }), name: c.string() },
    input: c.struct({ add: c.uint({ max: 1000 }), twice: c.bool() }),
    events: { said: s.object({ text: s.string(100) }) },
    messages: s.object({ say: s.string(100) }),
    limits,
    authorize: () => true,
    join: (world, player) => world.spawn({ name: player.name ?? 'nobody' }),
    receive: (world, _player, { say }) => world.emit('said', { text: say }),
    step(world, entity, input) {
      steps.push([entity.id, input.add]);
      entity.sum += input.twice ? input.add * 2 : input.add;
      entity.chance = world.random.int(1000);
    },
    tick(world, dt) {
      log.push({ steps, dt, hash: world.hash() });
      steps = [];
    },
  });
  return { def, log };
}

async function seated(limits = {}, link = {}) {
  const { def, log } = newTable(limits);
  const sim = new SimShards({ table: def }, { start: [{ shard: 'table', id: 'one' }] });
  await sim.instance.start?.();
  const ann = await sim.join(def, { userId: 'ann', ...link }, { id: 'one' });
  const bob = await sim.join(def, { userId: 'bob' }, { id: 'one' });
  await sim.env.clock.advance(200);
  return { sim, def, log, ann, bob };
}

test('it rests while nothing happens: no ticks, no frames, no timers', async () => {
  const { sim, log, ann, bob } = await seated();
  const { pending } = sim.env.clock;
  const [ticks, frames] = [log.length, ann.handle.stats.frames];
  await sim.env.clock.advance(60_000);
  expect(log.length).toBe(ticks);
  expect(ann.handle.stats.frames).toBe(frames);
  expect(sim.env.clock.pending).toBe(pending);
  expect(bob.handle.entities.map(({ name }) => name)).toEqual(['ann', 'bob']);
});

test('[T4] each input is one step, once, in order; without one nobody steps', async () => {
  const { sim, log, ann, bob } = await seated();
  log.length = 0;
  for (const add of [5, 6, 7]) expect(ann.handle.send({ add })).toBe(true);
  bob.handle.send({ add: 100, twice: true });
  await sim.env.clock.advance(500);
  const [a, b] = [ann.handle.me!.id, bob.handle.me!.id];
  const steps = log.flatMap((tick) => tick.steps);
  expect(steps.filter(([id]) => id === a).map(([, add]) => add)).toEqual([5, 6, 7]);
  expect(steps.filter(([id]) => id === b)).toEqual([[b, 100]]);
  expect([ann.handle.me!.sum, bob.handle.me!.sum]).toEqual([18, 200]);
  // Fields left out of an input begin anew: it is not held as in a shard that ticks.
  bob.handle.send({ add: 1 });
  await sim.env.clock.advance(500);
  expect(ann.handle.entities.map(({ sum }) => sum)).toEqual([18, 201]);
});

test('an input is seen by all within a round trip; what comes in one turn is one tick', async () => {
  const { sim, log, ann, bob } = await seated();
  log.length = 0;
  ann.handle.send({ add: 1 });
  bob.handle.send({ add: 2 });
  await sim.env.clock.advance(45);
  expect(log.map((tick) => tick.steps.length)).toEqual([2]);
  expect(ann.handle.entities.map(({ sum }) => sum)).toEqual([1, 2]);
  expect(ann.handle.rtt).toBeGreaterThanOrEqual(40);
  expect(ann.handle.rtt).toBeLessThan(50);
  expect(ann.handle.clock).toMatchObject({ tickRate: 0, tick: bob.handle.clock.tick });
  expect(ann.handle.clock.playhead).toBe(ann.handle.clock.tick);
  expect(ann.handle.stats).toMatchObject({ mispredictions: 0, rejected: 0, interpolationDelayMs: 0 });
});

test('messages, joins and leaves are events too', async () => {
  const { sim, ann, bob } = await seated();
  const heard: string[] = [];
  bob.handle.onEvent('said', ({ text }) => heard.push(text));
  ann.handle.message({ say: 'hello' });
  await sim.env.clock.advance(100);
  expect(heard).toEqual(['hello']);
  ann.handle.leave();
  await sim.env.clock.advance(100);
  expect(bob.handle.entities.map(({ name }) => name)).toEqual(['bob']);
});

test('what a timer of the definition changes is told when it wakes the world', async () => {
  const { def } = newTable();
  let timed = () => {};
  const clock = defineShard({
    ...def,
    start(world) {
      timed = () => {
        world.spawn({ name: 'bell' });
        world.wake();
      };
    },
  });
  const sim = new SimShards({ table: clock }, { start: [{ shard: 'table', id: 'one' }] });
  await sim.instance.start?.();
  const { handle } = await sim.join(clock, { userId: 'ann' }, { id: 'one' });
  await sim.env.clock.advance(1000);
  const { tick } = handle.clock;
  sim.env.clock.after(500, timed);
  await sim.env.clock.advance(499);
  expect(handle.clock.tick).toBe(tick);
  await sim.env.clock.advance(100);
  expect(handle.clock.tick).toBe(tick + 1);
  expect(handle.entities.map(({ name }) => name)).toEqual(['ann', 'bell']);
});

test('what is refused is told, though nothing else happens', async () => {
  const { sim, ann } = await seated();
  const rejects: string[] = [];
  ann.handle.onReject((why) => rejects.push(why));
  ann.handle.message({ shout: 'hello' } as never);
  await sim.env.clock.advance(100);
  expect(rejects).toEqual(['invalid']);
});

test('the length of a tick is the time since the last one', async () => {
  const { sim, log, ann } = await seated();
  ann.handle.send({ add: 1 });
  await sim.env.clock.advance(100);
  log.length = 0;
  await sim.env.clock.advance(12_345);
  ann.handle.send({ add: 1 });
  await sim.env.clock.advance(1000);
  expect(log.map(({ dt }) => dt)).toEqual([12.445]);
});

test('[N3] at most eventTicksPerSecond ticks, and at most so many inputs of one player wait', async () => {
  const { sim, log, ann } = await seated({ eventTicksPerSecond: 10, inputAheadTicks: 8 });
  log.length = 0;
  const taken: boolean[] = [];
  for (let i = 1; i <= 12; i++) taken.push(ann.handle.send({ add: i }));
  expect(taken).toEqual([...Array(8).fill(true), ...Array(4).fill(false)]);
  await sim.env.clock.advance(560);
  expect(log.length).toBeGreaterThanOrEqual(5);
  expect(log.length).toBeLessThanOrEqual(6);
  await sim.env.clock.advance(1000);
  expect(log.flatMap(({ steps }) => steps.map(([, add]) => add))).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(ann.handle.send({ add: 9 })).toBe(true);
  await sim.env.clock.advance(500);
  expect(ann.handle.me!.sum).toBe(45);
  expect(ann.handle.stats.rejected).toBe(0);
});

test('steps of one player in different ticks have chances of their own', async () => {
  const { sim, ann } = await seated();
  const seen = new Set<number>();
  for (let i = 0; i < 10; i++) {
    ann.handle.send({ add: 1 });
    await sim.env.clock.advance(100);
    seen.add(ann.handle.me!.chance);
  }
  expect(seen.size).toBeGreaterThan(7);
});

test('after a lost connection play goes on, and no input is applied again', async () => {
  const { sim, ann } = await seated();
  for (let i = 0; i < 5; i++) ann.handle.send({ add: 10 });
  await sim.env.clock.advance(500);
  ann.client.cut();
  expect(ann.handle.send({ add: 1000 })).toBe(false);
  await sim.env.clock.advance(100);
  ann.client.connect();
  await sim.env.clock.until(() => ann.handle.state.name === 'playing' && ann.handle.me !== undefined);
  expect(ann.handle.me!.sum).toBe(50);
  ann.handle.send({ add: 1 });
  await sim.env.clock.advance(300);
  expect(ann.handle.me!.sum).toBe(51);
});

test('[T5] who was behind gets what he missed when he can, though nothing more happens', async () => {
  const { sim, ann, bob } = await seated({}, { kernelSize: 2 });
  ann.client.pause();
  for (let i = 0; i < 150; i++) {
    bob.handle.send({ add: 1 });
    await sim.env.clock.advance(20);
  }
  await sim.env.clock.advance(100);
  expect(ann.client.waiting).toBeLessThan(10);
  expect(bob.handle.me!.sum).toBe(150);
  ann.client.resume();
  await sim.env.clock.advance(1500);
  expect(ann.handle.entities.map(({ sum }) => sum)).toEqual([0, 150]);
  const { tick } = bob.handle.clock;
  await sim.env.clock.advance(10_000);
  expect(bob.handle.clock.tick).toBe(tick);
});

test('it rests again when a player who was behind has lost his connection', async () => {
  const { sim, ann, bob } = await seated({}, { kernelSize: 2 });
  ann.client.pause();
  for (let i = 0; i < 100; i++) {
    bob.handle.send({ add: 1 });
    await sim.env.clock.advance(20);
  }
  const { tick } = bob.handle.clock;
  await sim.env.clock.advance(1000);
  expect(bob.handle.clock.tick).toBeGreaterThan(tick);
  ann.client.cut();
  await sim.env.clock.advance(1000);
  const last = bob.handle.clock.tick;
  await sim.env.clock.advance(5000);
  expect(bob.handle.clock.tick).toBe(last);
});

test('server code that has changed the world wakes it', async () => {
  const { sim, def, ann } = await seated();
  const ref = sim.directory.find(def, 'one')!;
  ref.world.get(ann.handle.me!.id)!.sum = 77;
  await sim.env.clock.advance(1000);
  expect(ann.handle.me!.sum).toBe(0);
  ref.wake();
  await sim.env.clock.advance(100);
  expect(ann.handle.me!.sum).toBe(77);
});

test('[T1] [T4] under any play, each input that was taken counts once, and all see the same', async () => {
  const action = fc.oneof(
    { weight: 5, arbitrary: fc.record({ by: fc.nat(1), add: fc.integer({ min: 1, max: 1000 }) }) },
    { weight: 4, arbitrary: fc.record({ waitMs: fc.integer({ min: 0, max: 300 }) }) },
    fc.record({ pause: fc.nat(1) }),
    fc.record({ resume: fc.nat(1) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 60 }), async (actions) => {
      const { sim, ann, bob } = await seated({}, { latencyMs: 15, jitterMs: 60, kernelSize: 2 });
      const players = [ann, bob];
      const sums = [0, 0];
      for (const each of actions) {
        if ('by' in each) {
          if (players[each.by]!.handle.send({ add: each.add })) sums[each.by]! += each.add;
        } else if ('waitMs' in each) await sim.env.clock.advance(each.waitMs);
        else if ('pause' in each) players[each.pause]!.client.pause();
        else players[each.resume]!.client.resume();
      }
      for (const { client } of players) client.resume();
      await sim.env.clock.advance(4000);
      for (const { handle } of players) {
        expect(handle.entities.map(({ sum }) => sum)).toEqual(sums);
        expect(handle.stats.rejected).toBe(0);
      }
    }),
    { numRuns: 40 },
  );
});

test('a spectator sees what happens', async () => {
  const { def } = newTable();
  const watched = { ...def, join: () => undefined };
  const sim = new SimShards({ table: watched }, { createOnJoin: true });
  await sim.instance.start?.();
  const handle = joinShard(sim.client({ userId: 'eve' }), watched, { id: 'x' });
  await sim.env.clock.advance(200);
  expect(handle.state).toEqual({ name: 'playing', entity: 0 });
  expect([handle.entities, handle.me]).toEqual([[], undefined]);
  sim.directory.find(watched, 'x')!.world.spawn({ name: 'card' });
  sim.directory.find(watched, 'x')!.wake();
  await sim.env.clock.advance(200);
  expect(handle.entities.map(({ name }) => name)).toEqual(['card']);
});

/** What players receive, against what the server had. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { arena } from './arena.ts';
import { decodedStates, recordedArena } from './recorded-arena.ts';
import { SimShards } from './sim-shards.ts';

const start = [{ shard: 'arena', id: 'plaza', params: { bots: 5 } }];

/** Slow players get nothing rather than less, so that every state that they get is that of its tick. */
const EXACT = { coarserAfterMs: 60_000, nearerAfterMs: 60_000 };

async function recorded(seed = 1, options = {}) {
  const { def, hashes } = recordedArena();
  const sim = new SimShards({ arena: def }, { start, ...options }, { seed });
  await sim.instance.start?.();
  const check = (received: readonly Uint8Array[]) => {
    const states = decodedStates(received);
    for (const { tick, hash } of states) expect([tick, hash]).toEqual([tick, hashes.get(tick)]);
    return states.map((state) => state.tick);
  };
  return { sim, def, hashes, check };
}

const rising = (ticks: readonly number[]) => ticks.every((tick, i) => i === 0 || tick > ticks[i - 1]!);

test('[T2] what players decode is the state of that tick, through churn, pauses and reconnects', async () => {
  const action = fc.oneof(
    { weight: 4, arbitrary: fc.record({ advanceMs: fc.integer({ min: 1, max: 400 }) }) },
    { weight: 2, arbitrary: fc.record({ spawn: fc.integer({ min: 1, max: 20 }) }) },
    { weight: 2, arbitrary: fc.record({ despawn: fc.nat() }) },
    fc.record({ pause: fc.nat(1) }),
    fc.record({ resume: fc.nat(1) }),
    fc.record({ cut: fc.nat(1) }),
    fc.record({ connect: fc.nat(1) }),
    fc.record({ walk: fc.nat(1), yaw: fc.integer({ min: 0, max: 6 }) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 30 }), fc.nat(1000), async (actions, seed) => {
      const { sim, def, check } = await recorded(seed, { graceMs: 2000, ...EXACT });
      const players = [
        await sim.join(def, { userId: 'ann', latencyMs: 30, jitterMs: 30 }, { id: 'plaza' }),
        await sim.join(def, { userId: 'bob', latencyMs: 5, kernelSize: 3 }, { id: 'plaza' }),
      ];
      const world = () => sim.directory.find(def, 'plaza')!.world;
      for (const each of actions) {
        if ('advanceMs' in each) await sim.env.clock.advance(each.advanceMs);
        else if ('spawn' in each)
          for (let i = 0; i < each.spawn; i++) world().spawn({ name: `s${i}`, kind: 'shot' });
        else if ('despawn' in each) {
          const shots = world().entities.filter((entity) => entity.kind === 'shot');
          if (shots.length > 0) world().despawn(shots[each.despawn % shots.length]!.id);
        } else if ('pause' in each) players[each.pause]!.client.pause();
        else if ('resume' in each) players[each.resume]!.client.resume();
        else if ('cut' in each) players[each.cut]!.client.cut();
        else if ('connect' in each && !players[each.connect]!.client.online)
          players[each.connect]!.client.connect();
        else if ('walk' in each) players[each.walk]!.handle.send({ move: { x: 0, y: 1 }, yaw: each.yaw });
      }
      for (const { client } of players) {
        client.resume();
        if (!client.online) client.connect();
      }
      await sim.env.clock.advance(3000);
      for (const { client, handle } of players) {
        expect(handle.state.name).toBe('playing');
        const ticks = check(client.received);
        expect(ticks.at(-1)).toBeGreaterThan(world().tick - 5);
      }
    }),
    { numRuns: 20 },
  );
});

test('[T5] a paused reader costs bounded memory, and goes on with a clean key: nothing torn, nothing twice', async () => {
  const { sim, def, check, hashes } = await recorded(3, { ackWindowMs: 500, ...EXACT });
  const { client, handle } = await sim.join(def, { userId: 'ann', kernelSize: 1000 }, { id: 'plaza' });
  await sim.env.clock.advance(1000);
  client.pause();
  const waiting: number[] = [];
  for (let i = 0; i < 50; i++) {
    await sim.env.clock.advance(100);
    waiting.push(client.waiting);
  }
  // The window is 10 ticks; the kernel would have taken a thousand frames.
  expect(Math.max(...waiting)).toBeLessThanOrEqual(11);
  await sim.env.clock.until(() => sim.gauge('frames_skipped') > 80);
  const pausedAt = client.received.length;
  client.resume();
  await sim.env.clock.advance(1000);
  const ticks = check(client.received);
  expect(rising(ticks)).toBe(true);
  expect(client.received.length - pausedAt).toBeGreaterThan(20);
  expect(ticks.at(-1)).toBeGreaterThan(hashes.size - 3);
  expect(handle.state.name).toBe('playing');
  const { mispredictions } = handle.stats;
  await sim.env.clock.advance(1000);
  expect(handle.stats.mispredictions).toBe(mispredictions);
});

test('[T5] events for a paused reader are dropped when his lane is full, and counted', async () => {
  const { sim, def } = await recorded();
  const { client, handle } = await sim.join(
    def,
    { userId: 'ann', laneSize: 4, kernelSize: 2 },
    { id: 'plaza' },
  );
  const heard: string[] = [];
  handle.onEvent('said', (event) => heard.push(event.text));
  const { world } = sim.directory.find(def, 'plaza')!;
  client.pause();
  for (let i = 0; i < 20; i++) {
    world.emit('said', { by: 0, text: `${i}` });
    await sim.env.clock.advance(50);
  }
  expect(client.waiting).toBeLessThanOrEqual(2 + 4 + 1);
  expect(sim.gauge('events_dropped')).toBeGreaterThan(10);
  client.resume();
  await sim.env.clock.advance(100);
  world.emit('said', { by: 0, text: 'back' });
  await sim.env.clock.advance(100);
  expect(heard[0]).toBe('0');
  expect(heard.at(-1)).toBe('back');
});

test('[T2] the state is encoded once a tick, however many players get it', async () => {
  const { sim, def } = await recorded();
  const players = [];
  for (const userId of ['ann', 'bob', 'cid']) players.push(await sim.join(def, { userId }, { id: 'plaza' }));
  await sim.env.clock.advance(500);
  const tail = (received: readonly Uint8Array[]) => received.at(-1)!.slice(-100);
  expect(tail(players[0]!.client.received)).toEqual(tail(players[1]!.client.received));
  expect(arena.snapshotEvery).toBe(1);
});

test('frames come every so many ticks', async () => {
  const { def: every3 } = recordedArena();
  const def = { ...every3, snapshotEvery: 3 };
  const sim = new SimShards({ arena: def }, { start });
  await sim.instance.start?.();
  const { client, handle } = await sim.join(def, { userId: 'ann' }, { id: 'plaza' });
  await sim.env.clock.advance(2000);
  const ticks = decodedStates(client.received, 3).map((state) => state.tick);
  expect(ticks.every((tick) => tick % 3 === 0)).toBe(true);
  expect(ticks.length).toBeGreaterThan(10);
  expect(handle.stats.mispredictions).toBe(0);
});

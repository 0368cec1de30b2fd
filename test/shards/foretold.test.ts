/** What the player's own `step` spawns and emits: drawn and told at once, once, and as the server has it afterwards. */
import { expect, test } from 'vitest';
import { c, defineShard, s } from '../../shards/core/index.ts';
import { SimShards } from './sim-shards.ts';

const SHOT_TICKS = 40;

const range = defineShard({
  name: 'range',
  tickRate: 20,
  components: {
    kind: c.enum('player', 'shot'),
    owner: c.uint({ max: 2 ** 20 }),
    x: c.scalar({ min: 0, max: 2000, step: 0.01 }),
    y: c.scalar({ min: 0, max: 100, step: 0.01 }),
    left: c.uint({ max: 63 }),
  },
  input: c.struct({ fire: c.bool() }),
  events: { shot: s.object({ by: s.int() }), hit: s.int() },
  authorize: () => true,
  join: (world, player) => world.spawn({ kind: 'player', y: player.userId === 'ann' ? 1 : 50 }),
  step(world, player, input, dt) {
    for (const shot of world.entities) {
      if (shot.kind !== 'shot' || shot.owner !== player.id) continue;
      shot.x += 10 * dt;
      if (shot.left === 0) world.despawn(shot.id);
      else shot.left--;
    }
    if (player.left > 0) player.left--;
    else if (input.fire) {
      player.left = 4;
      world.spawn({ kind: 'shot', owner: player.id, x: 1, y: player.y, left: SHOT_TICKS });
      world.emit('shot', { by: player.id });
    }
  },
});

async function joined(link: { latencyMs: number; jitterMs?: number; loss?: number }, play = {}) {
  const sim = new SimShards({ range }, { start: [{ shard: 'range', id: 'one' }] }, { seed: 2 });
  await sim.instance.start?.();
  const ann = await sim.join(range, { userId: 'ann', ...link }, { id: 'one', play });
  const bob = await sim.join(range, { userId: 'bob', latencyMs: 30 }, { id: 'one' });
  await sim.env.clock.advance(4000);
  const { world } = sim.directory.find(range, 'one')!;
  return { sim, ann, bob: bob.handle, handle: ann.handle, world };
}

async function fire({ sim, handle }: Awaited<ReturnType<typeof joined>>): Promise<void> {
  handle.send({ fire: true });
  await sim.env.clock.advance(60);
  handle.send({ fire: false });
}

test('[T6] a predicted spawn is drawn at once, goes evenly, and becomes that of the server without a step', async () => {
  const play = await joined({ latencyMs: 100 });
  const { sim, handle, world } = play;
  const others = handle.entities.length;
  const startMs = sim.env.clock.monotonic();
  await fire(play);
  await sim.env.clock.until(() => handle.entities.length > others, 1000);
  expect(sim.env.clock.monotonic() - startMs).toBeLessThanOrEqual(120);
  const shot = handle.entities.find(({ kind }) => kind === 'shot')!;
  const firstId = shot.id;
  const seen: number[] = [shot.x];
  for (let ms = 0; ms < 1500; ms += 10) {
    await sim.env.clock.advance(10);
    const shots = handle.entities.filter(({ kind }) => kind === 'shot');
    expect(shots).toEqual([shot]);
    expect(handle.entities.map(({ id }) => id)).toEqual(
      handle.entities.map(({ id }) => id).sort((a, b) => a - b),
    );
    seen.push(shot.x);
  }
  // It began under an id of the page's own and is the server's now, as the same object.
  expect(shot.id).not.toBe(firstId);
  expect(world.get(shot.id)?.kind).toBe('shot');
  const steps = seen.slice(1).map((x, i) => x - seen[i]!);
  // 10 a second are 0.1 in 10 ms.
  expect(Math.min(...steps)).toBeGreaterThan(0.08);
  expect(Math.max(...steps)).toBeLessThan(0.12);
  expect(handle.stats.mispredictions).toBe(0);
});

test('[T6] what the own step despawns is gone in the same frame, and does not come back', async () => {
  const play = await joined({ latencyMs: 100 });
  const { sim, handle, world } = play;
  await fire(play);
  let gone = 0;
  for (let ms = 0; ms < 4000; ms += 10) {
    await sim.env.clock.advance(10);
    const drawn = handle.entities.some(({ kind }) => kind === 'shot');
    if (ms > 500 && !drawn && gone === 0) {
      gone = ms;
      expect(
        world.entities.some(({ kind }) => kind === 'shot'),
        'the server still has it',
      ).toBe(true);
    }
    if (gone > 0) expect(drawn).toBe(false);
  }
  expect(gone).toBeGreaterThan(0);
});

test('[T6] a predicted event is told once, at once, and once to the others', async () => {
  const play = await joined({ latencyMs: 100 });
  const { sim, handle, bob } = play;
  const told: number[] = [];
  const toldBob: number[] = [];
  handle.onEvent('shot', ({ by }) => told.push(by));
  bob.onEvent('shot', ({ by }) => toldBob.push(by));
  for (let i = 0; i < 5; i++) {
    await fire(play);
    await sim.env.clock.advance(60);
    expect(told).toHaveLength(i + 1);
    await sim.env.clock.advance(1000);
  }
  expect(told).toEqual(new Array(5).fill(handle.me!.id));
  expect(toldBob).toEqual(told);
});

test('[T6] over a bad link every shot is told once, and none is left behind', async () => {
  const play = await joined({ latencyMs: 40, jitterMs: 20, loss: 0.02 });
  const { sim, handle, world, bob } = play;
  let told = 0;
  let toldBob = 0;
  handle.onEvent('shot', () => told++);
  bob.onEvent('shot', () => toldBob++);
  for (let i = 0; i < 60; i++) {
    await fire(play);
    await sim.env.clock.advance(440 + (i % 7) * 10);
  }
  await sim.env.clock.advance(5000);
  // A shot whose input came late was heard, and never was: at most two in a hundred inputs stall.
  expect(Math.abs(told - toldBob)).toBeLessThanOrEqual(2);
  expect(told).toBeGreaterThan(55);
  expect(handle.entities.map(({ id }) => id)).toEqual(world.entities.map(({ id }) => id));
});

test('[T6] a spawn that the server does not have vanishes when its tick comes', async () => {
  const play = await joined({ latencyMs: 150 });
  const { sim, handle, world } = play;
  // The server will not let this player fire, which his page does not know.
  world.get(handle.me!.id)!.left = 63;
  await fire(play);
  await sim.env.clock.advance(40);
  expect(handle.entities.some(({ kind }) => kind === 'shot')).toBe(true);
  await sim.env.clock.advance(450);
  expect(handle.entities.some(({ kind }) => kind === 'shot')).toBe(false);
  expect(handle.stats.mispredictions).toBe(1);
});

test('predictedSpawns: beyond it, what the step spawns is drawn as the server sends it', async () => {
  const play = await joined({ latencyMs: 100 }, { predictedSpawns: 1 });
  const { sim, handle, world } = play;
  const shots = () => handle.entities.filter(({ kind }) => kind === 'shot').length;
  await fire(play);
  await sim.env.clock.advance(300);
  expect(shots()).toBe(1);
  await fire(play);
  await sim.env.clock.advance(60);
  expect(shots()).toBe(1);
  await sim.env.clock.advance(600);
  expect(shots()).toBe(2);
  expect(world.entities.filter(({ kind }) => kind === 'shot')).toHaveLength(2);
});

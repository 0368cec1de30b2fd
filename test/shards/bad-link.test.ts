/** Players over links that are slow, lossy and narrow: what they see in the end is what the server has. */
import { expect, test } from 'vitest';
import { arena } from './arena.ts';
import { SimShards } from './sim-shards.ts';

async function playOver(link: {
  latencyMs: number;
  jitterMs: number;
  loss: number;
  bytesPerSecond?: number;
}) {
  const pinned = { shard: 'arena', id: 'plaza', params: { bots: 5 } };
  const sim = new SimShards({ arena }, { start: [pinned] }, { seed: 3 });
  await sim.instance.start?.();
  const { client, handle } = await sim.join(arena, { userId: 'ann', ...link }, { id: 'plaza' });
  for (let i = 0; i < 200; i++) {
    handle.send({ move: { x: (i % 20) / 10 - 1, y: 1 }, yaw: i / 10, fire: i % 9 === 0 });
    await sim.env.clock.advance(50);
  }
  return { sim, client, handle, world: sim.directory.find(arena, 'plaza')!.world };
}

test.each([
  ['far away, with jitter and lost packets', { latencyMs: 80, jitterMs: 20, loss: 0.02 }],
  ['far away and lossy', { latencyMs: 300, jitterMs: 300, loss: 0.1 }],
  ['so narrow that frames must be left out', { latencyMs: 80, jitterMs: 20, loss: 0, bytesPerSecond: 300 }],
])("[T2] %s: no frame is wrong, and the player ends with the server's world", async (_, link) => {
  const { sim, client, handle, world } = await playOver(link);
  expect(handle.state.name).toBe('playing');
  expect(handle.stats.frames).toBeGreaterThan(20);
  expect(sim.gauge('desyncs')).toBe(0);
  Object.assign(client.link, {
    loss: 0,
    jitterMs: 0,
    latencyMs: 5,
    bytesPerSecond: Number.POSITIVE_INFINITY,
  });
  handle.send({ move: { x: 0, y: 0 }, fire: false });
  await sim.env.clock.advance(20_000);
  expect(handle.entities.map(({ id }) => id)).toEqual(world.entities.map(({ id }) => id));
  const own = world.get(handle.me!.id)!;
  expect(handle.me!.position.x).toBeCloseTo(own.position.x, 9);
  expect(handle.me!.position.z).toBeCloseTo(own.position.z, 9);
});

import { expect, test } from 'vitest';
import { arena } from './arena.ts';
import { SimShards } from './sim-shards.ts';

test('[T6] prediction equals the server when inputs arrive in time', async () => {
  const sim = new SimShards({ arena }, { start: [{ shard: 'arena', id: 'plaza', params: { bots: 3 } }] });
  await sim.instance.start?.();
  const { handle } = await sim.join(arena, { userId: 'ann' }, { id: 'plaza' });
  expect(handle.state).toMatchObject({ name: 'playing' });
  await sim.env.clock.advance(1000);
  const before = handle.stats.mispredictions;
  for (let i = 0; i < 100; i++) {
    handle.send({ move: { x: (i % 20) / 10 - 1, y: 1 }, yaw: i / 10, fire: i % 3 === 0 });
    await sim.env.clock.advance(50);
  }
  console.log(handle.stats, handle.rtt, handle.clock.tick, handle.clock.predictedTick, handle.me!.position.x);
  expect(handle.stats.mispredictions - before).toBe(0);
});

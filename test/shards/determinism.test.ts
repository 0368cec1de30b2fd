import { expect, test } from 'vitest';
import { arenaRun, predictedRun } from './arena-run.ts';
import { recordedArena } from './recorded-arena.ts';
import { SimShards } from './sim-shards.ts';

test('[T1] the same seed and inputs give the same states', async () => {
  const run = async (seed: number) => {
    const { def, hashes } = recordedArena();
    const start = [{ shard: 'arena', id: 'plaza', params: { bots: 10 } }];
    const sim = new SimShards({ arena: def }, { start }, { seed });
    await sim.instance.start?.();
    const ann = await sim.join(def, { userId: 'ann', jitterMs: 20 }, { id: 'plaza' });
    const bob = await sim.join(def, { userId: 'bob' }, { id: 'plaza' });
    for (let i = 0; i < 60; i++) {
      ann.handle.send({ move: { x: Math.sin(i), y: 1 }, yaw: i / 7, fire: i % 2 === 0 });
      bob.handle.send({ move: { x: 0, y: -1 }, yaw: -i / 9 });
      await sim.env.clock.advance(37);
    }
    return [...hashes.values()];
  };
  const first = await run(5);
  expect(first.length).toBeGreaterThan(40);
  expect(await run(5)).toEqual(first);
  expect(await run(6)).not.toEqual(first);
});

test('[T1] a run ends in this very state on every engine', () => {
  expect(arenaRun('pinned', 600).at(-1)).toMatchInlineSnapshot(`"f645c2d64963e77a"`);
});

test('[T1] [T6] what a page predicts is what the server computes, to the bit', () => {
  const { hashes, mispredictions } = predictedRun('pinned', 600);
  expect(mispredictions).toBe(0);
  expect(new Set(hashes).size).toBe(600);
});

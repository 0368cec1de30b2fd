/** What a client sends when nothing is wrong. */
import { expect, test } from 'vitest';
import { arena } from './arena.ts';
import { SimShards } from './sim-shards.ts';

const start = [{ shard: 'arena', id: 'plaza', params: { bots: 0 } }];

test.each([0, 20, 45])(
  'with %i ms of latency, a join and its first inputs are rejected nowhere',
  async (latencyMs) => {
    const sim = new SimShards({ arena }, { start });
    await sim.instance.start?.();
    const { handle } = await sim.join(arena, { userId: 'ann', latencyMs }, { id: 'plaza' });
    await sim.env.clock.advance(5000);
    expect(handle.stats.rejected).toBe(0);
    expect(handle.stats.mispredictions).toBe(0);
    expect(sim.gauge('inputs_rejected')).toBe(0);
  },
);

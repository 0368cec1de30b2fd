/** What the metrics say of shards. */
import { expect, test } from 'vitest';
import { arena } from './arena.ts';
import { SimShards } from './sim-shards.ts';

const start = [{ shard: 'arena', id: 'plaza', params: { bots: 0 } }];

test('[T9] the gauges say how late ticks were, how many were made up for, and how many were dropped', async () => {
  const sim = new SimShards({ arena }, { start, maxCatchUpTicks: 2 });
  await sim.instance.start?.();
  const ticks = () => ['ticks', 'ticks_caught_up', 'ticks_dropped'].map((name) => sim.gauge(name));
  const lateMs = () => ['p50', 'p99', 'max'].map((name) => sim.gauge(`tick_lateness_${name}_ms`));
  await sim.env.clock.advance(1000.5);
  expect(ticks()).toEqual([20, 0, 0]);
  for (const ms of lateMs()) expect(ms).toBeLessThan(1);
  expect([sim.gauge('running'), sim.gauge('players'), sim.gauge('failed')]).toEqual([1, 0, 0]);

  // The process hangs for 400 ms: time passes, and no timer runs.
  const { clock } = sim.env;
  const monotonic = clock.monotonic.bind(clock);
  clock.monotonic = () => monotonic() + 400;
  await clock.advance(1000);
  const [run, caughtUp, dropped] = ticks();
  expect(caughtUp).toBe(1);
  expect(dropped).toBeGreaterThanOrEqual(6);
  // 1,400 ms are 28 ticks; all are accounted for, and the rate is what it was.
  expect(run! + dropped!).toBe(48);
  const [p50, p99, max] = lateMs();
  expect(p50).toBeLessThan(1);
  expect(p99).toBeGreaterThan(300);
  expect(max).toBeGreaterThanOrEqual(399);
  expect(max).toBeLessThan(470);
});

test('no gauge is there twice, and all have a text', async () => {
  const sim = new SimShards({ arena }, { start });
  const { gauges = [] } = sim.instance;
  expect(new Set(gauges.map(({ name }) => name)).size).toBe(gauges.length);
  for (const { help } of gauges) expect(help.length).toBeGreaterThan(5);
});

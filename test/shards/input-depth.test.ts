/** The client's lead over the server, in closed loop: few inputs are missing, and none waits for long. */
import { expect, test } from 'vitest';
import { joinShard } from '../../shards/client/index.ts';
import { c, defineShard } from '../../shards/core/index.ts';
import type { EngineHost } from '../../src/client/channel.ts';
import type { SimClient } from './sim-client.ts';
import { SimShards } from './sim-shards.ts';

const watched = (tickRate: number) =>
  defineShard({
    name: 'watched',
    tickRate,
    components: { n: c.uint({ max: 1 }) },
    input: c.struct({ n: c.uint({ max: 1 }) }),
    authorize: () => true,
    step() {},
  });

/** The client with a clock of its own, that runs too fast or too slow, and timers that may sleep. */
function drifting(client: SimClient, factor: number, page: { wakesMs: number }): EngineHost {
  const { clock } = client.env;
  return {
    docs: client.docs,
    store: client.store,
    channels: client.channels,
    get session() {
      return client.session;
    },
    onSession: (listener) => client.onSession(listener),
    env: {
      ...client.env,
      clock: {
        now: () => clock.now(),
        monotonic: () => clock.monotonic() * factor,
        after: (ms, task) => clock.after(Math.max(ms / factor, page.wakesMs - clock.monotonic()), task),
        soon: (task) => clock.soon(task),
      },
    },
  };
}

interface Line {
  readonly tickRate: number;
  readonly latencyMs: number;
  readonly jitterMs: number;
  /** How much faster than the server's the client's clock runs. */
  readonly drift?: number;
}

async function playing({ tickRate, latencyMs, jitterMs, drift = 0 }: Line) {
  const def = watched(tickRate);
  const sim = new SimShards({ watched: def }, { start: [{ shard: 'watched', id: 'one' }] });
  await sim.instance.start?.();
  const client = sim.client({ userId: 'ann', latencyMs, jitterMs });
  const page = { wakesMs: 0 };
  const handle = joinShard(drifting(client, 1 + drift, page), def, { id: 'one' });
  await sim.env.clock.advance(5000);
  const { world } = sim.directory.find(def, 'one')!;
  /** The share of inputs that came late, and how far the client was ahead of the server on average. */
  const measure = async (seconds: number, each?: (ms: number) => void) => {
    const rejected = sim.gauge('inputs_rejected');
    let ahead = 0;
    for (let ms = 0; ms < seconds * 1000; ms += 50) {
      each?.(ms);
      await sim.env.clock.advance(50);
      ahead += handle.clock.predictedTick - world.tick;
    }
    const late = (sim.gauge('inputs_rejected') - rejected) / (seconds * tickRate);
    return { late, aheadMs: ((ahead / seconds / 20) * 1000) / tickRate };
  };
  return { sim, client, page, measure };
}

const lines = [10, 20, 60].flatMap((tickRate) =>
  [
    { latencyMs: 5, jitterMs: 0 },
    { latencyMs: 40, jitterMs: 60 },
    { latencyMs: 100, jitterMs: 150 },
  ].flatMap((line) => [0, 0.01, -0.01].map((drift) => ({ tickRate, ...line, drift }))),
);

test.each(lines)(
  '[T6] at $tickRate Hz over $latencyMs ms + $jitterMs ms of jitter, with a clock that drifts by $drift, inputs are in time',
  async (line) => {
    const { measure } = await playing(line);
    const { late, aheadMs } = await measure(20);
    expect(late).toBeLessThan(0.005);
    // What is more than the way there and its jitter is what waits in the server's buffer.
    const waitMs = aheadMs - line.latencyMs - line.jitterMs;
    expect(waitMs).toBeLessThan(4700 / line.tickRate);
  },
);

test('[T6] an outlier now and then costs only the inputs that it delays', async () => {
  const { client, measure } = await playing({ tickRate: 30, latencyMs: 30, jitterMs: 10 });
  const { late, aheadMs } = await measure(40, (ms) => {
    client.link.latencyMs = ms % 2000 === 0 ? 150 : 30;
  });
  expect(late).toBeLessThan(0.01);
  expect(aheadMs).toBeLessThan(230);
});

test('[T6] a line that becomes slow is followed within a second, and one that becomes fast again in a few', async () => {
  const { client, measure } = await playing({ tickRate: 30, latencyMs: 20, jitterMs: 5 });
  const before = await measure(5);
  client.link.latencyMs = 180;
  const first = await measure(1);
  const slow = await measure(5);
  expect(first.late).toBeLessThan(0.5);
  expect(slow.late).toBe(0);
  expect(slow.aheadMs).toBeGreaterThan(180);
  client.link.latencyMs = 20;
  await measure(5);
  const after = await measure(5);
  expect(after.late).toBe(0);
  expect(after.aheadMs).toBeLessThan(before.aheadMs + 60);
});

test('[T6] after ten seconds in which no frame came, play goes on within one', async () => {
  const { client, measure } = await playing({ tickRate: 20, latencyMs: 40, jitterMs: 10 });
  const before = await measure(5);
  client.pause();
  await measure(10);
  client.resume();
  await measure(1);
  const after = await measure(5);
  expect(after.late).toBe(0);
  expect(after.aheadMs).toBeLessThan(before.aheadMs + 100);
});

test('[T6] after a second in which the page slept, inputs are in time again at once', async () => {
  const { sim, client, page, measure } = await playing({ tickRate: 30, latencyMs: 40, jitterMs: 10 });
  await measure(5);
  // It hears nothing and runs no timer; what came meanwhile comes all at once.
  client.pause();
  page.wakesMs = sim.env.clock.monotonic() + 1000;
  await sim.env.clock.advance(1000);
  client.resume();
  await measure(0.2);
  const { late } = await measure(5);
  expect(late).toBe(0);
});

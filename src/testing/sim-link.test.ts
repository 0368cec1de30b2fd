import { expect, test } from 'vitest';
import { LinkLane } from './link-lane.ts';
import { simEnv } from './sim-env.ts';
import { SimLink } from './sim-link.ts';

test('over lanes, messages take the time of their size, one after another, and hold each other up', async () => {
  const env = simEnv();
  const arrived: [number, string | Uint8Array][] = [];
  const lane = (bytesPerSecond: number) => new LinkLane(env, { latencyMs: 10, bytesPerSecond });
  const events = {
    open: () => {},
    message: (message: string | Uint8Array) => arrived.push([env.clock.monotonic(), message]),
    close: () => {},
  };
  const link = new SimLink(env.clock, { up: lane(100), down: lane(1000) }, events);
  const server: [number, string | Uint8Array][] = [];
  link.server.listen({
    message: (message) => server.push([env.clock.monotonic(), message]),
    drain: () => {},
    close: () => {},
  });
  link.server.send('x'.repeat(100));
  link.server.send('y');
  link.client.send('z'.repeat(10));
  expect(link.server.bufferedBytes).toBe(101);
  await env.clock.advance(500);
  expect(arrived.map(([ms, message]) => [ms, message.length])).toEqual([
    [110, 100],
    [111, 1],
  ]);
  expect(server.map(([ms, message]) => [ms, message.length])).toEqual([[110, 10]]);
  expect(link.server.bufferedBytes).toBe(0);
});

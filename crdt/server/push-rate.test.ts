import { expect, test } from 'vitest';
import { simEnv } from '../../src/testing/sim-env.ts';
import { PushRate } from './push-rate.ts';

test('[D3] [N3] `pushesPerSecond` pass, one more is refused, and a moment later another one passes', async () => {
  const { clock } = simEnv();
  const rate = new PushRate(clock, { pushesPerSecond: 10, pushBytesPerSecond: 1000, maxUpdateBytes: 1000 });
  for (let i = 0; i < 10; i++) rate.take(1);
  expect(() => rate.take(1)).toThrow(expect.objectContaining({ code: 'rate_limited' }));
  await clock.advance(100);
  rate.take(1);
  expect(() => rate.take(1)).toThrow();
});

test('[D3] [N3] `pushBytesPerSecond` pass, and the largest push always does after a pause', async () => {
  const { clock } = simEnv();
  const rate = new PushRate(clock, { pushesPerSecond: 1000, pushBytesPerSecond: 100, maxUpdateBytes: 400 });
  rate.take(400);
  expect(() => rate.take(1)).toThrow(expect.objectContaining({ code: 'rate_limited' }));
  await clock.advance(1000);
  rate.take(100);
  expect(() => rate.take(1)).toThrow();
  await clock.advance(4000);
  rate.take(400);
});

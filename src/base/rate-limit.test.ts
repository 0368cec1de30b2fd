import { expect, test } from 'vitest';
import { SimClock } from '../testing/sim-clock.ts';
import { RateLimit } from './rate-limit.ts';

test('[N3] so many at once, then so many in a second', async () => {
  const clock = new SimClock();
  const limit = new RateLimit(clock, { perSecond: 10, burst: 3 });
  const taken = (tries: number) => Array.from({ length: tries }, () => limit.take()).filter(Boolean).length;
  expect(taken(10)).toBe(3);
  await clock.advance(99);
  expect(taken(1)).toBe(0);
  await clock.advance(2);
  expect(taken(2)).toBe(1);
  await clock.advance(60_000);
  expect(taken(10)).toBe(3);
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SimClock } from '../../src/testing/sim-clock.ts';
import { Lateness, quantileMs } from './lateness.ts';

test('a quantile is right to 15 percent, and never too small', () => {
  const times = fc.array(fc.double({ min: 0.1, max: 50_000, noNaN: true }), { minLength: 1, maxLength: 300 });
  fc.assert(
    fc.property(times, fc.double({ min: 0.01, max: 1, noNaN: true }), (list, share) => {
      const lateness = new Lateness(new SimClock());
      for (const ms of list) lateness.add(ms);
      const exact = list.sort((a, b) => a - b)[Math.max(1, Math.ceil(list.length * share)) - 1]!;
      const said = quantileMs([lateness.buckets], share);
      expect(said).toBeGreaterThanOrEqual(exact * 0.999_999);
      expect(said).toBeLessThanOrEqual(exact * 1.150_001);
    }),
  );
});

test('several threads are added up; without a tick the answer is 0', () => {
  const clock = new SimClock();
  const [a, b] = [new Lateness(clock), new Lateness(clock)];
  expect(quantileMs([a.buckets, b.buckets], 0.99)).toBe(0);
  for (let i = 0; i < 99; i++) a.add(1);
  b.add(500);
  expect(quantileMs([a.buckets, b.buckets], 0.99)).toBeLessThan(1.2);
  expect(quantileMs([a.buckets, b.buckets], 1)).toBeGreaterThan(500);
});

test('what was longer than a minute ago is forgotten', async () => {
  const clock = new SimClock();
  const lateness = new Lateness(clock);
  const count = () => lateness.buckets.reduce((sum, each) => sum + each, 0);
  lateness.add(7);
  await clock.advance(20_000);
  lateness.add(7);
  await clock.advance(20_000);
  lateness.add(7);
  expect(count()).toBe(3);
  await clock.advance(21_000);
  expect(count()).toBe(1);
  await clock.advance(61_000);
  expect(count()).toBe(0);
});

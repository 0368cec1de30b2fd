import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SimRandom } from '../testing/sim-random.ts';
import { backoffMs } from './backoff.ts';

const options = { baseMs: 1000, capMs: 30_000 };
const always = (value: number) => ({ next: () => value, fill: (bytes: Uint8Array) => bytes });

test('the bound doubles with each attempt, up to the cap', () => {
  const bounds = [0, 1, 2, 3, 4, 5, 6, 1000].map((attempt) => backoffMs(attempt, always(1), options));
  expect(bounds).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
});

test('the delay is drawn from the whole range', () => {
  expect(backoffMs(3, always(0), options)).toBe(0);
  fc.assert(
    fc.property(fc.integer(), fc.nat({ max: 100 }), (seed, attempt) => {
      const delayMs = backoffMs(attempt, new SimRandom(seed), options);
      expect(delayMs).toBeGreaterThanOrEqual(0);
      expect(delayMs).toBeLessThan(Math.min(options.capMs, options.baseMs * 2 ** attempt));
    }),
  );
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LAG_PARTS } from '../core/rewind-plan.ts';
import { Sighting } from './sighting.ts';

test('[T13] a player has seen what his last input says', () => {
  const sighting = new Sighting();
  sighting.step(10, 0);
  expect(sighting.seen(9)).toBe(9);
  sighting.step(11, 3 * LAG_PARTS + 8);
  expect(sighting.seen(10)).toBe(6.75);
});

test('an input that is missing was made as long before its tick as the last', () => {
  const sighting = new Sighting();
  sighting.step(11, 3 * LAG_PARTS);
  sighting.step(12, 0);
  expect(sighting.seen(11)).toBe(8);
});

test('[T13] time never goes back for a player, and nobody sees the future, whatever the inputs say', () => {
  const MAX = 30 * LAG_PARTS;
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: MAX }), { maxLength: 60 }), (lags) => {
      const sighting = new Sighting();
      let before = Number.NEGATIVE_INFINITY;
      lags.forEach((lag, i) => {
        const tick = 100 + i;
        sighting.step(tick, lag);
        const seen = sighting.seen(tick - 1);
        expect(seen).toBeLessThanOrEqual(tick - 1);
        expect(seen).toBeGreaterThanOrEqual(tick - 1 - MAX / LAG_PARTS);
        const told = lags.slice(0, i + 1).some((each) => each > 0);
        if (told) expect(seen).toBeGreaterThanOrEqual(before);
        if (told) before = seen;
      });
    }),
  );
});

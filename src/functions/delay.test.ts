import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Delay, delayMs } from './delay.ts';

test.each<[Delay, number]>([
  [0, 0],
  [1.4, 1],
  ['0ms', 0],
  ['250ms', 250],
  ['90s', 90_000],
  ['1.5m', 90_000],
  ['10m', 600_000],
  ['2h', 7_200_000],
  ['1d', 86_400_000],
])('%s is %i ms', (delay, ms) => {
  expect(delayMs(delay)).toBe(ms);
});

test.each([
  -1,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  '',
  '10',
  'm',
  '10 m',
  '-1m',
  '1e3s',
  '1w',
  '1h30m',
  ' 1s',
])('%j is refused', (delay) => {
  expect(() => delayMs(delay as Delay)).toThrow(expect.objectContaining({ code: 'invalid' }));
});

test('any text is a whole number of ms or refused', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9.]{1,6}(ms|s|m|h|d)$/)), (text) => {
      try {
        expect(Number.isInteger(delayMs(text as Delay))).toBe(true);
      } catch (error) {
        expect(error).toMatchObject({ code: 'invalid' });
      }
    }),
  );
});

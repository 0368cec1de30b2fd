import fc from 'fast-check';
import { expect, test } from 'vitest';
import { simEnv } from '../testing/sim-env.ts';
import { silentLog } from './env.ts';
import { isId, newId } from './id.ts';

const at = (timeMs: number, fill: number) => {
  const { clock } = simEnv();
  return newId({
    clock: { now: () => timeMs, monotonic: () => 0, after: clock.after, soon: clock.soon },
    random: { next: () => 0, fill: (bytes) => bytes.fill(fill) },
    log: silentLog,
  });
};

test('22 URL-safe characters: 8 of time, 14 of chance', () => {
  expect(at(0, 0)).toBe('0'.repeat(22));
  expect(at(2 ** 48 - 1, 0xff)).toBe(`${'~'.repeat(21)}l`); // 80 bits of chance leave 4 zero bits
  expect(at(1, 0)).toBe(`00000001${'0'.repeat(14)}`);
});

test('the order as text is the order in time', () => {
  const time = fc.integer({ min: 0, max: 2 ** 48 - 1 });
  const byte = fc.integer({ min: 0, max: 255 });
  fc.assert(
    fc.property(time, time, byte, byte, (a, b, x, y) => {
      fc.pre(a !== b);
      expect(at(a, x) < at(b, y)).toBe(a < b);
    }),
  );
});

test('all 80 bits of chance show', () => {
  const env = simEnv(7);
  const ids = new Set(Array.from({ length: 1000 }, () => newId(env)));
  expect(ids.size).toBe(1000);
  for (const id of ids) expect(isId(id)).toBe(true);
  expect(new Set([...ids].map((id) => id.slice(8, 9))).size).toBeGreaterThan(40);
});

test('[N1] an id is 1 to 64 URL-safe characters', () => {
  expect(['a', 'A-z_9~', 'x'.repeat(64)].every(isId)).toBe(true);
  for (const value of ['', 'x'.repeat(65), 'a b', 'a/b', 'ä', "'", 'a\n', 1, null, undefined, ['a']]) {
    expect(isId(value), JSON.stringify(value)).toBe(false);
  }
});

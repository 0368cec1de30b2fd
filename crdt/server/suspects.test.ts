import { expect, test } from 'vitest';
import { simEnv } from '../../src/testing/sim-env.ts';
import { Suspects } from './suspects.ts';

function suspects() {
  const { clock } = simEnv();
  const options = { suspectMs: 1000, maxStrikes: 3, barMs: 500, maxSuspects: 2, maxMainTraps: 2 };
  return { clock, some: new Suspects(clock, options) };
}

test('[D3] an identity is tried first for some time after a strike, nobody else is', async () => {
  const { clock, some } = suspects();
  some.strike('user:eve');
  expect(some.mustTry('user:eve')).toBe(true);
  expect(some.mustTry('user:ann')).toBe(false);
  await clock.advance(999);
  expect(some.mustTry('user:eve')).toBe(true);
  await clock.advance(1);
  expect(some.mustTry('user:eve')).toBe(false);
  expect(some.size).toBe(0);
});

test('[D3] [N3] with `maxStrikes` it is refused for `barMs`; anonymous viewers never are', async () => {
  const { clock, some } = suspects();
  for (let i = 0; i < 2; i++) some.strike('user:eve');
  expect(some.mustTry('user:eve')).toBe(true);
  some.strike('user:eve');
  expect(() => some.mustTry('user:eve')).toThrow('refused for some time');
  await clock.advance(500);
  expect(some.mustTry('user:eve')).toBe(true);
  for (let i = 0; i < 5; i++) some.strike('anonymous');
  expect(some.mustTry('anonymous')).toBe(true);
});

test('[D3] [N3] `maxSuspects` are remembered, and from `maxMainTraps` on everybody is tried', () => {
  const { some } = suspects();
  for (const owner of ['a', 'b', 'a', 'c']) some.strike(owner);
  expect(['a', 'b', 'c'].map((owner) => some.mustTry(owner))).toEqual([true, false, true]);
  some.mainTrapped();
  expect(some.mustTry('user:ann')).toBe(false);
  some.mainTrapped();
  expect(some.mustTry('user:ann')).toBe(true);
  expect(some.mainTraps).toBe(2);
});

import { expect, test } from 'vitest';
import { Ladder } from './ladder.ts';
import { resolveOptions } from './options.ts';

const options = {
  coarserAfterMs: 200,
  nearerAfterMs: 400,
  ackWindowMs: 600,
  closeAfterMs: 5000,
  calmMs: 1000,
};

test('[T5] each rung begins just above its time', () => {
  const rungAt = (waitedMs: number) => new Ladder(options, 0).step(waitedMs, 0);
  expect([0, 200].map(rungAt)).toEqual(['all', 'all']);
  expect([201, 400].map(rungAt)).toEqual(['coarse', 'coarse']);
  expect([401, 600].map(rungAt)).toEqual(['near', 'near']);
  expect([601, 5000].map(rungAt)).toEqual(['waiting', 'waiting']);
  expect(rungAt(5001)).toBe('closed');
});

test('[T5] up again one rung after another, each after a time of calm', () => {
  const ladder = new Ladder(options, 0);
  expect(ladder.step(500, 0)).toBe('near');
  expect(ladder.step(100, 999)).toBe('near');
  expect(ladder.step(100, 1000)).toBe('coarse');
  expect(ladder.step(100, 1999)).toBe('coarse');
  expect(ladder.step(100, 2000)).toBe('all');
});

test('[T5] who is as late as his rung allows stays on it, however long', () => {
  const ladder = new Ladder(options, 0);
  for (let ms = 0; ms < 10_000; ms += 100) expect(ladder.step(300, ms)).toBe('coarse');
  expect(ladder.step(0, 10_500)).toBe('coarse');
  expect(ladder.step(0, 10_900)).toBe('all');
});

test('[T5] who waits goes on when all is acknowledged, on the lowest rung that is sent anything', () => {
  const ladder = new Ladder(options, 0);
  expect(ladder.step(700, 0)).toBe('waiting');
  expect(ladder.step(100, 50)).toBe('waiting');
  expect(ladder.step(0, 100)).toBe('near');
  expect(ladder.step(0, 1100)).toBe('coarse');
});

test('[T5] rungs whose time is not below the window are left out', () => {
  const without = (left: Partial<typeof options>) => {
    const ladder = new Ladder({ ...options, ...left }, 0);
    return [ladder.step(600, 0), ladder.step(700, 1), ladder.step(0, 2)];
  };
  expect(without({})).toEqual(['near', 'waiting', 'near']);
  expect(without({ nearerAfterMs: 600 })).toEqual(['coarse', 'waiting', 'coarse']);
  expect(without({ nearerAfterMs: 600, coarserAfterMs: 600 })).toEqual(['all', 'waiting', 'all']);
});

test('[T5] closed is closed', () => {
  const ladder = new Ladder(options, 0);
  expect(ladder.step(6000, 0)).toBe('closed');
  expect(ladder.step(0, 60_000)).toBe('closed');
});

test('[N3] the times of the ladder are checked', () => {
  for (const name of ['coarserAfterMs', 'nearerAfterMs', 'ackWindowMs', 'closeAfterMs']) {
    expect(() => resolveOptions({ [name]: 0 })).toThrow(name);
    expect(() => resolveOptions({ [name]: 1 })).not.toThrow();
  }
  expect(() => resolveOptions({ calmMs: -1 })).toThrow('calmMs');
  expect(() => resolveOptions({ calmMs: 0 })).not.toThrow();
});

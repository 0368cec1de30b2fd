import { expect, test } from 'vitest';
import { Chance } from './chance.ts';

test('[T1] the same seed gives the same numbers', () => {
  const draw = (seed: string) => {
    const chance = new Chance(seed);
    return Array.from({ length: 5 }, () => chance.int(1000));
  };
  expect(draw('a')).toEqual(draw('a'));
  expect(draw('a')).not.toEqual(draw('b'));
  expect(draw('pinned')).toMatchInlineSnapshot(`
    [
      593,
      816,
      531,
      135,
      221,
    ]
  `);
});

test('numbers are spread evenly over their range', () => {
  const chance = new Chance('spread');
  const bins = new Array<number>(10).fill(0);
  for (let i = 0; i < 10_000; i++) bins[chance.int(10)]!++;
  for (const count of bins) expect(Math.abs(count - 1000)).toBeLessThan(150);
  for (let i = 0; i < 100; i++) expect(chance.range(-2, 3)).toSatisfy((x: number) => x >= -2 && x < 3);
  expect(['a', 'b']).toContain(chance.pick(['a', 'b']));
});

test('each pair of numbers has a stream of its own', () => {
  const chance = new Chance('streams');
  const first = (tick: number, id: number) => {
    chance.restart(tick, id);
    return chance.next();
  };
  const seen = new Set<number>();
  for (let tick = 0; tick < 30; tick++) for (let id = 0; id < 30; id++) seen.add(first(tick, id));
  expect(seen.size).toBe(900);
  expect(first(7, 3)).toBe(first(7, 3));
});

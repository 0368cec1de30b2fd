import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Budget, type Candidate } from './budget.ts';

const cell = (number: number, bytes: number, weight = 1): Candidate => ({
  cell: number,
  bytes,
  entities: 1,
  weight,
});

test('bytes come back with time, up to a quarter of a second', () => {
  const budget = new Budget(1000, 0);
  expect(budget.left).toBe(250);
  budget.spend(300);
  expect(budget.left).toBe(-50);
  budget.fill(50);
  expect(budget.left).toBe(0);
  budget.fill(10_000);
  expect(budget.left).toBe(250);
});

test('near and small goes first; what just fits goes', () => {
  const budget = new Budget(400, 0);
  expect([...budget.choose([cell(1, 50, 0.1), cell(2, 50), cell(3, 50, 0.5)])]).toEqual([1, 2]);
  const exact = new Budget(400, 0);
  expect(exact.choose([cell(1, 50), cell(2, 50)]).size).toBe(2);
  expect(exact.choose([cell(1, 50), cell(2, 51)]).size).toBe(1);
});

test('one chunk goes even if it is larger than all that is left', () => {
  const budget = new Budget(4, 0);
  expect([...budget.choose([cell(1, 5000)])]).toEqual([0]);
});

test('nothing starves: the farthest and largest of a few cells waits for a hundred frames at most', () => {
  const cells = fc.array(fc.tuple(fc.integer({ min: 50, max: 100 }), fc.integer({ min: 1, max: 4 })), {
    minLength: 2,
    maxLength: 6,
  });
  fc.assert(
    fc.property(cells, (sizes) => {
      const budget = new Budget(400, 0);
      const candidates = sizes.map(([bytes, distance], i) => cell(i, bytes, 1 / distance));
      const waited = sizes.map(() => 0);
      for (let frame = 0; frame < 300; frame++) {
        const chosen = budget.choose(candidates);
        for (const index of candidates.keys()) {
          waited[index] = chosen.has(index) ? 0 : waited[index]! + 1;
          expect(waited[index]).toBeLessThan(100);
        }
      }
    }),
    { numRuns: 30 },
  );
});

import { expect, test, vi } from 'vitest';
import { SimClock } from '../../src/testing/sim-clock.ts';
import { MISSING_MS, RevOrder } from './rev-order.ts';

function setUp() {
  const clock = new SimClock();
  const missing = vi.fn();
  const applied: number[] = [];
  const order = new RevOrder(clock, 3, missing);
  const run = (rev: number) => order.run(rev, () => applied.push(rev));
  return { clock, missing, applied, order, run };
}

test('[D2] revisions are applied in their order, whichever is known first, and once', async () => {
  const { clock, missing, applied, order, run } = setUp();
  const late = run(5);
  expect(applied).toEqual([]);
  await Promise.all([run(4), late, run(6), run(4), run(3)]);
  expect(applied).toEqual([4, 5, 6]);
  expect(order.rev).toBe(6);
  await clock.advance(MISSING_MS);
  expect(missing).not.toHaveBeenCalled();
});

test('a revision that never comes is missed after a while, and whoever waits goes on at the end', async () => {
  const { clock, missing, applied, order, run } = setUp();
  const late = run(5);
  await clock.advance(MISSING_MS - 1);
  expect(missing).not.toHaveBeenCalled();
  await clock.advance(1);
  expect(missing).toHaveBeenCalledOnce();
  order.close();
  await late;
  expect(applied).toEqual([]);
});

import { expect, test } from 'vitest';
import { MAX_HELD_BATCHES, RowGate } from './row-gate.ts';

function setUp() {
  const passed: number[] = [];
  const doubt = { is: true };
  const rows = {
    batch: ({ to }: { to: number }) => void passed.push(to),
    page: () => {},
    reset: () => {},
  };
  const gate = new RowGate(rows, () => doubt.is);
  const batch = (to: number) => gate.take({ t: 'batch', from: to - 1, to, ops: [] });
  return { gate, doubt, passed, batch };
}

test('[S7] rows wait for the answer in doubt, and keep their order', () => {
  const { gate, doubt, passed, batch } = setUp();
  batch(1);
  batch(2);
  gate.answered();
  expect(passed).toEqual([]);
  doubt.is = false;
  gate.answered();
  batch(3);
  expect(passed).toEqual([1, 2, 3]);
});

test('no more than MAX_HELD_BATCHES wait', () => {
  const { passed, batch } = setUp();
  for (let to = 1; to <= MAX_HELD_BATCHES; to++) batch(to);
  expect(passed).toEqual([]);
  batch(MAX_HELD_BATCHES + 1);
  expect(passed).toHaveLength(MAX_HELD_BATCHES + 1);
});

test('what was held of a lost connection is void', () => {
  const { gate, doubt, passed, batch } = setUp();
  batch(1);
  gate.lost();
  doubt.is = false;
  batch(2);
  expect(passed).toEqual([2]);
});

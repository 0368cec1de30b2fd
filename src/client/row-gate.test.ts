import { expect, test } from 'vitest';
import { carriesRows, MAX_HELD_MESSAGES, RowGate } from './row-gate.ts';

function setUp() {
  const passed: number[] = [];
  const doubt = { is: true };
  const gate = new RowGate({ cursor: null, entities: () => [] }, () => doubt.is);
  const batch = (n: number) => gate.take(() => passed.push(n));
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

test('a message that comes through two doors waits at the first alone', () => {
  const { gate, doubt, passed, batch } = setUp();
  gate.take(() => batch(1));
  gate.take(() => batch(2));
  doubt.is = false;
  gate.answered();
  expect(passed).toEqual([1, 2]);
});

test('no more than MAX_HELD_MESSAGES wait', () => {
  const { passed, batch } = setUp();
  for (let n = 1; n <= MAX_HELD_MESSAGES; n++) batch(n);
  expect(passed).toEqual([]);
  batch(MAX_HELD_MESSAGES + 1);
  expect(passed).toHaveLength(MAX_HELD_MESSAGES + 1);
});

test('what was held of a lost connection is void', () => {
  const { gate, doubt, passed, batch } = setUp();
  batch(1);
  gate.lost();
  doubt.is = false;
  batch(2);
  expect(passed).toEqual([2]);
});

test('rows are told by the beginning of the message', () => {
  for (const t of ['batch', 'page', 'reset']) expect(carriesRows(JSON.stringify({ t, a: 1 }))).toBe(true);
  expect(carriesRows('{"t":"result","batch":1}')).toBe(false);
  expect(carriesRows(new Uint8Array(20))).toBe(false);
});

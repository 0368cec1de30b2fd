import { expect, test } from 'vitest';
import { c } from '../core/components.ts';
import { RecordType } from '../core/record-type.ts';
import { InputLog } from './input-log.ts';

const newLog = () =>
  new InputLog(new RecordType({ x: c.scalar({ min: -1, max: 1, step: 0.5 }), go: c.bool() }), 8);

test('what is held is recorded, quantized, for each tick', () => {
  const log = newLog();
  log.hold({ x: 0.6 });
  log.record(5);
  log.hold({ go: true });
  log.record(6);
  expect([log.at(5).x, log.at(5).go]).toEqual([0.5, false]);
  expect([log.at(6).x, log.at(6).go]).toEqual([0.5, true]);
});

test('a tick that was not recorded, or is long past, has the neutral input', () => {
  const log = newLog();
  log.hold({ x: 1 });
  // Regression: a fresh log once believed that it had tick 0.
  expect(log.has(0)).toBe(false);
  expect(log.at(0).x).toBe(0);
  for (let tick = 1; tick <= 9; tick++) log.record(tick);
  expect([log.has(1), log.has(2), log.has(9)]).toEqual([false, true, true]);
  expect(log.at(1).x).toBe(0);
});

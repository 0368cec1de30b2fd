import { expect, test } from 'vitest';
import { isId } from '../base/id.ts';
import { simEnv } from '../testing/sim-env.ts';
import { OpIds } from './op-ids.ts';

test('each id is greater than all before it, whatever the clock does', () => {
  const env = simEnv();
  const ids = new OpIds(env);
  let last = '';
  for (let i = 0; i < 2000; i++) {
    if (i === 1000) env.clock.jump(-60_000);
    const id = ids.next();
    expect(id > last).toBe(true);
    expect(isId(id)).toBe(true);
    expect(id).toHaveLength(22);
    last = id;
  }
});

test('ids stored before a reload stay below', () => {
  const env = simEnv();
  const stored = new OpIds(env).next();
  env.clock.jump(-60_000);
  const ids = new OpIds(env);
  ids.seen(stored);
  expect(ids.next() > stored).toBe(true);
  const carry = new OpIds(env);
  carry.seen(`${'z'.repeat(20)}-z`);
  expect(carry.next()).toBe(`${'z'.repeat(20)}0-`);
});

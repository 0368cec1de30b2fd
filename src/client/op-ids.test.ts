import { expect, test } from 'vitest';
import { isId } from '../base/id.ts';
import { simEnv } from '../testing/sim-env.ts';
import { OpIds } from './op-ids.ts';

test('each id is greater than all before it, whatever the clock does', () => {
  const env = simEnv();
  const ids = new OpIds(env);
  const made = Array.from({ length: 3000 }, (_, i) => {
    if (i === 1000) env.clock.jump(-60_000);
    if (i === 2000) env.clock.jump(120_000);
    return ids.next();
  });
  expect(made).toEqual(made.toSorted((a, b) => (a < b ? -1 : 1)));
  expect(new Set(made).size).toBe(made.length);
  expect(made.every(isId)).toBe(true);
});

test('ids stored before a reload stay below, reload after reload', () => {
  const env = simEnv();
  let stored = new OpIds(env).next();
  for (let reload = 0; reload < 50; reload++) {
    env.clock.jump(-60_000);
    const ids = new OpIds(env);
    ids.seen(stored);
    for (const id of [ids.next(), ids.next()]) {
      expect(id > stored).toBe(true);
      expect(id.length).toBeLessThanOrEqual(28);
      stored = id;
    }
  }
});

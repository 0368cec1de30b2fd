import { expect, test } from 'vitest';
import { isFault } from '../../src/base/fault.ts';
import { TextPool } from '../core/text-pool.ts';
import { View } from './view.ts';

function newView(windowTicks: number, now: number) {
  const put: number[] = [];
  const latest = { put: (_payload: Uint8Array, tag: number) => void put.push(tag), sentTag: -1 };
  return { view: new View(latest, new TextPool(0), { windowTicks, now }), put };
}
const bytes = new Uint8Array(1);
const at = (tick: number) => ({ frame: tick - 10, tick, places: [] });

test('[T5] frames stop when one is older than the window, and go on when all are acknowledged', () => {
  const { view, put } = newView(3, 10);
  for (let tick = 11; tick <= 20; tick++) if (view.open(tick)) view.put(bytes, at(tick));
  expect(put).toEqual([11, 12, 13]);
  view.ack(12);
  expect(view.open(15)).toBe(true);
  expect(view.open(16)).toBe(false);
  view.ack(13);
  expect(view.open(1000)).toBe(true);
});

test('[T5] acknowledging goes forward only, and not beyond what was sent', () => {
  const { view } = newView(3, 10);
  view.put(bytes, at(11));
  view.ack(11);
  view.ack(3);
  expect(view.ackTick).toBe(11);
  expect(() => view.ack(12)).toThrow(expect.toSatisfy((error) => isFault(error, 'bad_message')));
});

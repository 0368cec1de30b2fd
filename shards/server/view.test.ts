import { expect, test } from 'vitest';
import { isFault } from '../../src/base/fault.ts';
import type { Parcel } from '../../src/base/parcel.ts';
import { TextPool } from '../core/text-pool.ts';
import { Sight } from './sight.ts';
import { View } from './view.ts';

const ladder = {
  coarserAfterMs: 200,
  nearerAfterMs: 300,
  ackWindowMs: 400,
  closeAfterMs: 5000,
  calmMs: 1000,
};

/** A tick every 100 ms; each frame is made at the time of its tick. */
function newView({ bytesPerSecond = 0 } = {}) {
  const put: number[] = [];
  const latest = { sentTag: -1, put: (_frame: Parcel, tag: number) => void put.push(tag) };
  const player = { userId: 'ann', name: 'ann', roles: [], entityId: 1, inputs: { newest: 0, waiting: 0 } };
  const deps = { player, number: 1, latest, texts: new TextPool(0), madeMs: (tick: number) => tick * 100 };
  const view = new View(deps, { ladder, bytesPerSecond }, { tick: 10, nowMs: 1000 });
  const send = (tick: number, bytes = 1) => {
    const sight = new Sight({ place: 0, rung: 'all' }, [], new Float64Array(0));
    view.aim = { sight, tail: [] };
    view.hold(tick - 10, tick, undefined);
    view.put({ bytes: new Uint8Array(bytes), from: 0, to: bytes }, tick * 100);
  };
  return { view, put, send, latest };
}

test('[T5] no frame is made while the one before waits in the slot, so none is ever replaced', () => {
  const { view, put, send, latest } = newView();
  expect(view.ready(1100)).toBe(true);
  send(11);
  expect(view.ready(1200)).toBe(false);
  latest.sentTag = 11;
  expect(view.ready(1200)).toBe(true);
  expect(put).toEqual([11]);
});

test('[T5] not even a frame that begins anew replaces one that waits', () => {
  const { view, send, latest } = newView();
  send(11);
  view.forget();
  expect(view.ready(1200)).toBe(false);
  latest.sentTag = 11;
  expect(view.ready(1200)).toBe(true);
});

test('[T5] the oldest frame that is not acknowledged tells how late a player is', () => {
  const { view, send } = newView();
  send(11);
  send(12);
  send(13);
  expect(view.rung(1300)).toBe('all');
  expect(view.rung(1301)).toBe('coarse');
  view.ack(13);
  send(90);
  // As late as may be, counted from the one frame that waits.
  expect(view.rung(9200)).toBe('all');
  expect(view.rung(9301)).toBe('near');
});

test('[T5] acknowledging a part makes him less late by that part', () => {
  const { view, send } = newView();
  send(11);
  send(12);
  send(13);
  view.ack(12);
  // Frame 13 waits since 1300, which is not known exactly: 1200, when frame 12 was made, is the nearest before.
  expect(view.rung(1400)).toBe('all');
  expect(view.rung(1401)).toBe('coarse');
});

test('[T5] above the window he is not ready before all is acknowledged', () => {
  const { view, send, latest } = newView();
  send(11);
  send(12);
  latest.sentTag = 12;
  expect(view.rung(1501)).toBe('waiting');
  view.ack(11);
  expect(view.rung(1510)).toBe('waiting');
  expect(view.ready(1510)).toBe(false);
  view.ack(12);
  expect(view.ready(1520)).toBe(true);
  expect(view.rung(1520)).toBe('near');
});

test('[T5] acknowledging goes forward only, and not beyond what was sent', () => {
  const { view, send } = newView();
  send(11);
  view.ack(11);
  view.ack(3);
  expect(view.ackTick).toBe(11);
  expect(() => view.ack(12)).toThrow(expect.toSatisfy((error) => isFault(error, 'bad_message')));
});

test('a budget that is overdrawn is made up for before the next frame', () => {
  const { view, send, latest } = newView({ bytesPerSecond: 1000 });
  expect(view.ready(1100)).toBe(true);
  send(11, 300);
  latest.sentTag = 11;
  expect(view.ready(1150)).toBe(false);
  expect(view.ready(1151)).toBe(true);
});

test('what he never had is not sent again', () => {
  const { view, send } = newView();
  expect(view.resync(0)).toBe(false);
  send(11);
  expect([view.resync(7), view.resync('owner')]).toEqual([false, false]);
});

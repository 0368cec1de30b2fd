import fc from 'fast-check';
import { expect, test } from 'vitest';
import { c } from '../core/components.ts';
import type { Reject } from '../core/frames.ts';
import { InputEncoder } from '../core/input-codec.ts';
import { resolveLimits } from '../core/limits.ts';
import { RecordType } from '../core/record-type.ts';
import { InputBuffer } from './input-buffer.ts';
import { SharedInputs } from './shared-inputs.ts';

const type = new RecordType({ x: c.int({ min: -1000, max: 1000 }) });
const limits = resolveLimits({ inputAheadTicks: 8, inputTicks: 4, inputRepeatTicks: 3 });
const encoder = new InputEncoder();

function newBuffer() {
  const shared = new SharedInputs(type);
  const buffer = new InputBuffer(shared, limits);
  const rejected: [number, Reject][] = [];
  /** Sends the inputs `xs` of the ticks from `firstTick` on, while `now` was computed last. */
  const send = (firstTick: number, xs: number[], now: number) => {
    const table = type.table(xs.length + 1);
    xs.forEach((x, i) => {
      table.at(i).x = x;
    });
    const payload = encoder.encode(
      { ackTick: 0, firstTick, count: xs.length },
      table,
      (tick) => tick - firstTick,
    );
    shared.frame.open(payload);
    buffer.receive(now, { reject: (tick, why) => rejected.push([tick, why]) });
  };
  const take = (tick: number) => buffer.take(tick).x;
  return { buffer, rejected, send, take };
}

test('[T4] inputs apply in tick order, each once, however they arrive', () => {
  const { send, take, rejected } = newBuffer();
  send(12, [12, 13], 10);
  send(11, [11, 12], 10);
  expect([11, 12, 13].map(take)).toEqual([11, 12, 13]);
  expect(rejected).toEqual([]);
});

test('[T4] a late input is rejected once and never applied', () => {
  const { send, take, rejected } = newBuffer();
  expect(take(5)).toBe(0);
  send(5, [55], 5);
  send(5, [55], 5);
  expect(rejected).toEqual([[5, 'late']]);
  expect(take(6)).toBe(0);
  send(1, [1], 1000);
  send(1, [1], 1000);
  expect(rejected.slice(1)).toEqual([
    [1, 'late'],
    [1, 'late'],
  ]);
});

test('[T4] [N3] an input may be as far ahead as the limit says, and no tick further', () => {
  const { send, take, rejected, buffer } = newBuffer();
  send(18, [18], 10);
  expect(buffer.waiting).toBe(1);
  send(19, [19], 10);
  expect(rejected).toEqual([[19, 'early']]);
  expect(buffer.waiting).toBe(1);
  send(2 ** 52, [1], 10);
  expect(rejected.at(-1)).toEqual([2 ** 52, 'early']);
  for (let tick = 11; tick < 18; tick++) take(tick);
  expect(take(18)).toBe(18);
});

test('[T4] a repetition is ignored, another input for the same tick is rejected', () => {
  const { send, take, rejected } = newBuffer();
  send(11, [1], 10);
  send(11, [1], 10);
  expect(rejected).toEqual([]);
  send(11, [2], 10);
  expect(rejected).toEqual([[11, 'duplicate']]);
  expect(take(11)).toBe(1);
  send(11, [1], 11);
  expect(rejected.length).toBe(1);
  send(11, [3], 11);
  expect(rejected.at(-1)).toEqual([11, 'duplicate']);
});

test('[T4] [N3] a frame has at most so many ticks', () => {
  const { send, buffer, rejected } = newBuffer();
  send(11, [1, 2, 3, 4], 10);
  expect(buffer.waiting).toBe(4);
  send(15, [5, 6, 7, 8, 9], 10);
  expect(rejected).toEqual([[19, 'too_large']]);
  expect(buffer.waiting).toBe(4);
});

test('[T4] a missing input is the last one for a while, then the neutral one', () => {
  const { send, take, buffer } = newBuffer();
  expect(take(1)).toBe(0);
  send(2, [7], 1);
  expect([2, 3, 4, 5, 6, 7].map(take)).toEqual([7, 7, 7, 7, 0, 0]);
  send(8, [9], 7);
  expect(take(8)).toBe(9);
  buffer.clear();
  expect(take(9)).toBe(0);
  expect(buffer.newest).toBe(0);
});

test('the newest input is known even when it came late', () => {
  const { send, buffer } = newBuffer();
  send(5, [1], 10);
  expect([buffer.newest, buffer.waiting]).toEqual([5, 0]);
  send(12, [1], 10);
  expect([buffer.newest, buffer.waiting]).toEqual([12, 1]);
});

test('[T4] under any traffic: what is applied was sent for that tick, first, and in time', () => {
  const step = fc.oneof(
    fc.record({
      ahead: fc.integer({ min: -12, max: 12 }),
      xs: fc.array(fc.integer({ min: 1, max: 99 }), { maxLength: 5 }),
    }),
    fc.constant('tick' as const),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const { send, buffer } = newBuffer();
      const first = new Map<number, number>();
      let now = 20;
      let last = 0;
      let repeats: number = limits.inputRepeatTicks;
      for (const each of steps) {
        if (each === 'tick') {
          now++;
          const sent = first.get(now);
          if (sent !== undefined) {
            last = sent;
            repeats = 0;
          } else repeats++;
          expect(buffer.take(now).x).toBe(repeats <= limits.inputRepeatTicks ? last : 0);
        } else {
          send(now + each.ahead, each.xs, now);
          if (each.xs.length > limits.inputTicks) continue;
          each.xs.forEach((x, i) => {
            const tick = now + each.ahead + i;
            if (tick > now && tick <= now + limits.inputAheadTicks && !first.has(tick)) first.set(tick, x);
          });
        }
        const waiting = [...first.keys()].filter((tick) => tick > now).length;
        expect(buffer.waiting).toBe(waiting);
      }
    }),
    { numRuns: 500 },
  );
});

test('[T4] input 0 that comes again with another value is late as before, not a duplicate', () => {
  const { send, rejected } = newBuffer();
  send(0, [0], 0);
  send(0, [1], 0);
  expect(rejected).toEqual([[0, 'late']]);
});

test('[T4] players share the decoder and what step is shown, and nothing of their inputs', () => {
  const rich = new RecordType({
    say: c.string({ maxBytes: 8 }),
    at: c.optional(c.vec2({ min: -9, max: 9, step: 1 })),
    x: c.int({ min: -1000, max: 1000 }),
  });
  const value = fc.record({
    say: fc.constantFrom('', 'hi', 'hello', 'oh'),
    at: fc.option(fc.record({ x: fc.integer({ min: -9, max: 9 }), y: fc.constant(3) }), { nil: undefined }),
    x: fc.integer({ min: -1000, max: 1000 }),
  });
  const step = fc.record({ by: fc.nat(2), value, again: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const shared = new SharedInputs(rich);
      const buffers = [0, 1, 2].map(() => new InputBuffer(shared, limits));
      const sent: unknown[] = [{}, {}, {}];
      const neutral = { id: 0, say: '', at: undefined, x: 0 };
      let waits: number = limits.inputRepeatTicks;
      const since = [waits, waits, waits];
      for (const [i, { by, value: input, again }] of steps.entries()) {
        const table = rich.table(1);
        rich.assign(table.at(0), input);
        const payload = encoder.encode({ ackTick: 0, firstTick: i + 1, count: 1 }, table, () => 0);
        for (let times = again ? 2 : 1; times > 0; times--) {
          shared.frame.open(payload);
          buffers[by]!.receive(i, { reject: (_, why) => expect(why).toBe('none') });
        }
        sent[by] = { id: 0, ...input };
        for (const [player, buffer] of buffers.entries()) {
          waits = since[player] = player === by ? 0 : since[player]! + 1;
          const shown = JSON.parse(JSON.stringify(buffer.take(i + 1)));
          const wanted = waits <= limits.inputRepeatTicks ? sent[player] : neutral;
          expect(shown).toEqual(JSON.parse(JSON.stringify(wanted)));
        }
      }
    }),
  );
});

test('[T4] an input of many ticks ago is not taken for one of now, whatever the numbers are', () => {
  const { send, take, rejected } = newBuffer();
  for (const tick of [16, 2 ** 30 - 1, 2 ** 30, 2 ** 31 + 5, 2 ** 40 + 77]) {
    send(tick, [7], tick - 1);
    send(tick - 3, [8], tick - 1);
    expect(take(tick)).toBe(7);
    send(tick, [7], tick);
    send(tick, [8], tick);
    expect(rejected.splice(0)).toEqual([
      [tick - 3, 'late'],
      [tick, 'duplicate'],
    ]);
  }
});

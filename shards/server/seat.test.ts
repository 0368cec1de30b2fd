/** What a player's frames do to his seat, against a model that keeps everything in plain maps. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Reader } from '../../src/base/bytes.ts';
import type { Clock } from '../../src/base/env.ts';
import { isFault } from '../../src/base/fault.ts';
import type { Channel } from '../../src/plugin/channel.ts';
import { c } from '../core/components.ts';
import { type AnyShardDef, defineShard } from '../core/define-shard.ts';
import { decodeReject, KIND, type Reject } from '../core/frames.ts';
import { InputEncoder } from '../core/input-codec.ts';
import { REJECTS_EVERY_MS, Seat } from './seat.ts';
import { SharedInputs } from './shared-inputs.ts';

const MAX_X = 100;
const limits = { inputAheadTicks: 8, inputTicks: 4, inputRepeatTicks: 3, inputsPerSecond: 20 };
const define = (tickRate: number) =>
  defineShard({
    name: 'seats',
    tickRate,
    components: { n: c.uint({ max: 1 }) },
    input: c.struct({ x: c.uint({ max: MAX_X }) }),
    limits,
    authorize: () => true,
    step() {},
  });

/** A seat that is played, the codes that were sent, and a way to send frames. */
function seated(def: ReturnType<typeof define>) {
  let ms = 0;
  let timers: { atMs: number; run: () => void }[] = [];
  const clock: Clock = {
    now: () => ms,
    monotonic: () => ms,
    after: (delayMs, run) => {
      timers.push({ atMs: ms + delayMs, run });
      return () => {};
    },
    soon: () => {},
  };
  const pass = (byMs: number) => {
    ms += byMs;
    const due = timers.filter(({ atMs }) => atMs <= ms);
    timers = timers.filter(({ atMs }) => atMs > ms);
    for (const { run } of due) run();
  };
  const told: [Reject, number][] = [];
  const channel: Channel = {
    session: {
      id: 's',
      clientId: 'c',
      viewer: { userId: 'ann', kind: 'user', roles: [], name: 'ann' },
      onViewer: () => () => {},
    },
    send(payload) {
      const { reject, inputTick } = decodeReject(new Reader(payload.subarray(1)));
      told.push([reject, inputTick]);
      return true;
    },
    latest: { put: () => {}, sentTag: -1 },
    close: () => {},
  };
  const anyDef = def as unknown as AnyShardDef;
  const seat = new Seat(
    clock,
    { def: anyDef, inputs: new SharedInputs(anyDef.inputType) },
    { channel, number: 1 },
  );
  // Views have tests of their own; here every acknowledgement is taken.
  const view = { ack: () => {} } as unknown as Extract<Seat['state'], { name: 'playing' }>['view'];
  seat.to({ name: 'playing', channel, view });
  const encoder = new InputEncoder();
  const send = (firstTick: number, xs: readonly number[], now: number) => {
    const table = def.inputType.table(xs.length + 1);
    for (const [i, x] of xs.entries()) table.columns[0]!.values[i] = x;
    const header = { ackTick: 0, firstTick, count: xs.length };
    seat.input(
      encoder.encode(header, table, (tick) => tick - firstTick),
      now,
    );
  };
  const flush = () => {
    seat.flush();
    return new Map(told.splice(0));
  };
  const x = (input: ReturnType<Seat['take']>) => (input as { x: number } | undefined)?.x;
  return { clock, pass, seat, send, flush, told, take: (tick: number) => x(seat.take(tick)) };
}

/** The rules, as slowly and plainly as they can be said. */
class Model {
  readonly inputs = new Map<number, number>();
  readonly late = new Set<number>();
  rejects = new Map<Reject, number>();
  #tokens = limits.inputsPerSecond / 2;
  #atMs = 0;
  #quietUntilMs = 0;

  send(firstTick: number, xs: readonly number[], at: { now: number; ms: number }): void {
    const earned = ((at.ms - this.#atMs) * limits.inputsPerSecond) / 1000;
    this.#tokens = Math.min(limits.inputsPerSecond / 2, this.#tokens + earned);
    this.#atMs = at.ms;
    if (this.#tokens < 1) return void this.rejects.set('rate_limited', firstTick);
    this.#tokens -= 1;
    if (xs.length > limits.inputTicks) return void this.rejects.set('too_large', firstTick + xs.length - 1);
    for (const [i, x] of xs.entries()) {
      const why = this.#place(firstTick + i, x, at.now);
      if (why) this.rejects.set(why, firstTick + i);
    }
  }

  #place(tick: number, x: number, now: number): Reject | undefined {
    if (tick > now + limits.inputAheadTicks) return 'early';
    if (tick <= now - limits.inputAheadTicks) return 'late';
    const known = this.inputs.get(tick);
    if (known !== undefined) return known === x ? undefined : 'duplicate';
    if (tick > now) {
      this.inputs.set(tick, x);
      return undefined;
    }
    if (this.late.has(tick)) return undefined;
    this.late.add(tick);
    return 'late';
  }

  /** What is told in a tick: nothing for a while after the last time. */
  flush(ms: number): Map<Reject, number> {
    const { rejects } = this;
    if (rejects.size === 0 || ms < this.#quietUntilMs) return new Map();
    this.rejects = new Map();
    this.#quietUntilMs = ms + REJECTS_EVERY_MS;
    return rejects;
  }
}

const action = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      ahead: fc.integer({ min: -11, max: 11 }),
      xs: fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 6 }),
    }),
  },
  { weight: 3, arbitrary: fc.constant('tick' as const) },
  // More frames in one moment than the rate allows.
  { weight: 1, arbitrary: fc.record({ flood: fc.integer({ min: 1, max: 30 }) }) },
);

test('[T4] late, early, duplicate, oversized and too frequent inputs: applied and rejected as the model says', () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 120 }), (actions) => {
      const { clock, pass, seat, send, flush, take } = seated(define(20));
      const model = new Model();
      let now = 20;
      let last = 0;
      let repeats = limits.inputRepeatTicks;
      const both = (firstTick: number, xs: readonly number[]) => {
        send(firstTick, xs, now);
        model.send(firstTick, xs, { now, ms: clock.monotonic() });
      };
      for (const each of actions) {
        if (each === 'tick') {
          now++;
          pass(50);
          const own = model.inputs.get(now);
          repeats = own === undefined ? repeats + 1 : 0;
          last = own ?? last;
          expect(take(now)).toBe(repeats <= limits.inputRepeatTicks ? last : 0);
          expect(flush()).toEqual(model.flush(clock.monotonic()));
        } else if ('flood' in each) {
          for (let i = 0; i < each.flood; i++) both(now + 2, [1]);
        } else both(now + each.ahead, each.xs);
        const waiting = [...model.inputs.keys()].filter((tick) => tick > now).length;
        expect(seat.inputs.waiting).toBe(waiting);
        expect(waiting).toBeLessThanOrEqual(limits.inputAheadTicks);
      }
    }),
    { numRuns: 400 },
  );
});

test('[T4] event-driven: each number once, in order, whatever is sent', () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 120 }), (actions) => {
      const { clock, pass, seat, send, flush, take } = seated(define(0));
      const model = new Model();
      let taken = 0;
      const both = (first: number, xs: readonly number[]) => {
        if (first < 0) return;
        send(first, xs, 12345); // the tick of the shard does not matter
        model.send(first, xs, { now: taken, ms: clock.monotonic() });
      };
      for (const each of actions) {
        if (each === 'tick') {
          pass(50);
          const next = [...model.inputs.keys()].filter((number) => number > taken).sort((a, b) => a - b)[0];
          expect(take(1)).toBe(next === undefined ? undefined : model.inputs.get(next));
          taken = next ?? taken;
          expect(seat.inputs.taken).toBe(taken);
          expect(flush()).toEqual(model.flush(clock.monotonic()));
        } else if ('flood' in each) {
          for (let i = 0; i < each.flood; i++) both(taken + 2, [1]);
        } else both(taken + each.ahead, each.xs);
        expect(seat.inputs.waiting).toBe([...model.inputs.keys()].filter((number) => number > taken).length);
      }
    }),
    { numRuns: 400 },
  );
});

test('[T4] [N1] a value beyond its range, or bytes too few or too many, are a fault of the channel', () => {
  const bad = (error: unknown) => isFault(error, 'bad_message');
  const { send, seat } = seated(define(20));
  send(21, [MAX_X], 20);
  expect(() => send(22, [MAX_X + 1], 20)).toThrow(expect.toSatisfy(bad));
  expect(() => seat.input(Uint8Array.of(KIND.input, 0, 22, 2, 1), 20)).toThrow(expect.toSatisfy(bad));
  expect(() => seat.input(Uint8Array.of(KIND.input, 0, 22, 1, 1, 1), 20)).toThrow(expect.toSatisfy(bad));
});

test.each([20, 0])(
  '[T3] [N1] regression: at %i Hz a tick that is no safe number closes the channel, and does not end the shard',
  (tickRate) => {
    const { pass, seat, flush } = seated(define(tickRate));
    // firstTick 2^53 - 1, and more records than a frame may have: the last of them could not be told of.
    const payload = [KIND.input, 0, 255, 255, 255, 255, 255, 255, 255, 15, 5, 0, 0, 0, 0, 0];
    expect(() => seat.input(Uint8Array.from(payload), 20)).toThrow(
      expect.toSatisfy((error) => isFault(error, 'bad_message')),
    );
    expect(flush()).toEqual(new Map());
    pass(REJECTS_EVERY_MS);
  },
);

test.each([20, 0])(
  '[T4] [N3] at %i Hz rejections are told at once, and then once a second at most',
  (tickRate) => {
    const { pass, seat, send, flush } = seated(define(tickRate));
    expect(seat.waits).toBe(false);
    send(99, [1], 20);
    expect(seat.waits).toBe(true);
    expect(flush()).toEqual(new Map([['early', 99]]));
    send(98, [1], 20);
    send(97, [1], 20);
    // It waits for no tick: it goes when its time has come.
    expect(seat.waits).toBe(false);
    pass(REJECTS_EVERY_MS - 1);
    expect(flush()).toEqual(new Map());
    pass(1);
    expect(flush()).toEqual(new Map([['early', 97]]));
    pass(REJECTS_EVERY_MS);
    expect(flush()).toEqual(new Map());
    expect(seat.rejected).toBe(3);
  },
);

test('[T4] an event-driven shard that rests tells of rejections all the same; who left is told nothing', () => {
  const { pass, seat, send, flush, told } = seated(define(0));
  send(99, [1], 0);
  flush();
  send(98, [1], 0);
  pass(REJECTS_EVERY_MS);
  expect(told.splice(0)).toEqual([['early', 98]]);
  send(97, [1], 0);
  seat.to({ name: 'left' });
  pass(REJECTS_EVERY_MS);
  expect(told).toEqual([]);
});

import { expect, test } from 'vitest';
import type { Cancel } from '../../src/base/env.ts';
import { SimClock } from '../../src/testing/sim-clock.ts';
import { quantileMs } from './lateness.ts';
import { Scheduler } from './scheduler.ts';

/** A clock whose process can be held up: what falls due meanwhile runs when it is over. */
class StallingClock extends SimClock {
  #untilMs = 0;

  stall(ms: number): void {
    this.#untilMs = this.monotonic() + ms;
  }

  override after(delayMs: number, task: () => void): Cancel {
    const run = () => {
      if (this.monotonic() < this.#untilMs) super.after(this.#untilMs - this.monotonic(), task);
      else task();
    };
    return super.after(delayMs, run);
  }
}

function setup(maxCatchUpTicks = 3) {
  const clock = new StallingClock();
  const scheduler = new Scheduler(clock, maxCatchUpTicks);
  return { clock, scheduler };
}

test('a tick rate does not drift, whatever the interval', async () => {
  const { clock, scheduler } = setup();
  let ticks = 0;
  scheduler.add(30, () => ticks++);
  await clock.advance(10_000.5);
  expect(ticks).toBe(300);
  expect(scheduler.counts).toEqual({ ticks: 300, caughtUp: 0, dropped: 0 });
});

test('shards of different rates share one timer', async () => {
  const { clock, scheduler } = setup();
  const counts = [0, 0];
  scheduler.add(10, () => counts[0]!++);
  scheduler.add(25, () => counts[1]!++);
  expect(clock.pending).toBe(1);
  await clock.advance(2000.5);
  expect(counts).toEqual([20, 50]);
  expect(clock.pending).toBe(1);
});

test('[T9] a late shard catches up by a few ticks in one turn, and only the last of them sends', async () => {
  const { clock, scheduler } = setup(3);
  const turns: boolean[] = [];
  scheduler.add(10, (last) => turns.push(last));
  await clock.advance(50);
  clock.stall(300);
  await clock.advance(300);
  expect(turns).toEqual([false, false, true]);
  expect(scheduler.counts).toEqual({ ticks: 3, caughtUp: 2, dropped: 0 });
});

test('[T9] time beyond that is dropped, counted, and the rate goes on as before', async () => {
  const { clock, scheduler } = setup(3);
  let ticks = 0;
  scheduler.add(10, () => ticks++);
  await clock.advance(50);
  clock.stall(1000);
  await clock.advance(1000);
  expect(ticks).toBe(3);
  expect(scheduler.counts).toEqual({ ticks: 3, caughtUp: 2, dropped: 7 });
  // The oldest tick of the turn was due 950 ms before it ran.
  expect(quantileMs([scheduler.lateness.buckets], 1)).toBeGreaterThan(900);
  await clock.advance(1000);
  expect(ticks).toBe(13);
});

test('a task that is taken away does not run again, not even in the same turn', async () => {
  const { clock, scheduler } = setup();
  let ticks = 0;
  const ticking = scheduler.add(10, () => {
    ticks++;
    ticking.stop();
  });
  await clock.advance(1000);
  expect(ticks).toBe(1);
  expect(clock.pending).toBe(0);
});

test('[T9] a tick that takes time makes the next shard of the turn late by as much', async () => {
  const { clock, scheduler } = setup();
  let busyMs = 0;
  const monotonic = clock.monotonic.bind(clock);
  clock.monotonic = () => monotonic() + busyMs;
  scheduler.add(10, () => {
    busyMs += 40;
  });
  scheduler.add(10, () => {});
  await clock.advance(100);
  expect(quantileMs([scheduler.lateness.buckets], 0.5)).toBeLessThan(1);
  expect(quantileMs([scheduler.lateness.buckets], 1)).toBeGreaterThanOrEqual(40);
  expect(quantileMs([scheduler.lateness.buckets], 1)).toBeLessThan(47);
});

test('an event-driven shard has no timer until it is woken, and then one tick for all that came', async () => {
  const { clock, scheduler } = setup();
  const ticksAt: number[] = [];
  const ticking = scheduler.addEventDriven(50, (last) => {
    expect(last).toBe(true);
    ticksAt.push(clock.monotonic());
  });
  await clock.advance(1000);
  expect([ticksAt, clock.pending]).toEqual([[], 0]);
  ticking.wake();
  ticking.wake();
  await clock.advance(10);
  expect([ticksAt, clock.pending]).toEqual([[1000], 0]);
});

test('[N3] wakes of an event-driven shard in quick succession are one tick each interval', async () => {
  const { clock, scheduler } = setup();
  const ticksAt: number[] = [];
  const ticking = scheduler.addEventDriven(50, () => {
    ticksAt.push(clock.monotonic());
    if (ticksAt.length < 4) ticking.wake();
  });
  ticking.wake();
  await clock.advance(1000);
  expect(ticksAt).toEqual([0, 20, 40, 60]);
  ticking.wake();
  await clock.advance(0);
  expect(ticksAt.at(-1)).toBe(1000);
  ticking.wake();
  ticking.stop();
  await clock.advance(1000);
  expect([ticksAt.length, clock.pending]).toEqual([5, 0]);
});

test('close ends everything', async () => {
  const { clock, scheduler } = setup();
  scheduler.add(10, () => expect.unreachable());
  scheduler.close();
  await clock.advance(1000);
  expect(clock.pending).toBe(0);
});

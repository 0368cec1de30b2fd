import { expect, test } from 'vitest';
import { SimClock } from '../../src/testing/sim-clock.ts';
import { SimRandom } from '../../src/testing/sim-random.ts';
import { TickClock } from './tick-clock.ts';

/** Frames of 50 ms, each late by what `late` says; calls `each` every 5 ms. */
async function play(
  frames: number,
  late: (tick: number) => number,
  each: (clock: TickClock) => void,
  delays = { minDelayMs: 0, maxDelayMs: 250 },
) {
  const sim = new SimClock();
  const clock = new TickClock(sim, { tickMs: 50, everyTicks: 1, ...delays });
  for (let tick = 1; tick <= frames; tick++) sim.after(tick * 50 + late(tick), () => clock.frame(tick));
  for (let ms = 0; ms < frames * 50; ms += 5) {
    await sim.advance(5);
    each(clock);
  }
  return { sim, clock };
}

test('the playhead runs evenly and never goes back, whatever the jitter', async () => {
  const random = new SimRandom(7);
  const heads: number[] = [];
  await play(
    200,
    () => random.next() * 60,
    (clock) => heads.push(clock.playhead),
  );
  const steps = heads.slice(200).map((head, i) => head - heads[i + 199]!);
  expect(Math.min(...steps)).toBeGreaterThanOrEqual(0);
  // A step of 5 ms is 0.1 ticks.
  expect(Math.max(...steps)).toBeLessThan(0.25);
});

test('it stays behind the newest frame: by a frame and a little, and more when frames are uneven', async () => {
  const even = (
    await play(
      100,
      () => 20,
      () => {},
    )
  ).clock;
  expect(even.delayMs).toBeCloseTo(55, 0);
  expect(even.serverTick).toBeCloseTo(99.6, 1);
  const random = new SimRandom(1);
  const uneven = (
    await play(
      100,
      () => random.next() * 80,
      () => {},
    )
  ).clock;
  expect(uneven.delayMs).toBeGreaterThan(110);
  expect(uneven.delayMs).toBeLessThan(300);
});

test('a long pause is a new beginning, also when the world stood still meanwhile', async () => {
  const { sim, clock } = await play(
    20,
    () => 0,
    () => {},
  );
  await sim.advance(5000);
  expect(clock.playhead).toBeGreaterThan(100);
  for (let tick = 21; tick <= 28; tick++) {
    clock.frame(tick);
    await sim.advance(50);
  }
  expect(clock.serverTick).toBeCloseTo(29, 5);
  expect(clock.playhead).toBeCloseTo(27.9, 1);
});

test('a stall moves neither the clock nor, by more than a tenth, the pace', async () => {
  const paces: number[] = [];
  let last = Number.NaN;
  const { clock } = await play(
    200,
    // Now and then four frames wait and come together.
    (tick) => (tick % 40 < 4 ? (4 - (tick % 40)) * 50 : 0),
    ({ playhead }) => {
      paces.push((playhead - last) * 10);
      last = playhead;
    },
  );
  const after = paces.slice(100);
  expect(Math.min(...after)).toBeGreaterThanOrEqual(0.9 - 1e-9);
  expect(Math.max(...after)).toBeLessThanOrEqual(1.1 + 1e-9);
  expect(clock.serverTick).toBeCloseTo(200, 1);
  expect(clock.jitterMs).toBeLessThanOrEqual(50);
});

test('minDelayMs and maxDelayMs bound the delay, whatever the jitter', async () => {
  const late = (tick: number) => (tick % 2) * 400;
  const delayMs = async (uneven: boolean, delays: { minDelayMs: number; maxDelayMs: number }) =>
    (await play(60, uneven ? late : () => 0, () => {}, delays)).clock.delayMs;
  expect(await delayMs(false, { minDelayMs: 120, maxDelayMs: 250 })).toBe(120);
  expect(await delayMs(false, { minDelayMs: 0, maxDelayMs: 54 })).toBe(54);
  expect(await delayMs(true, { minDelayMs: 0, maxDelayMs: 250 })).toBe(250);
  expect(await delayMs(true, { minDelayMs: 0, maxDelayMs: 2000 })).toBeGreaterThan(400);
});

test('a world whose ticks begin anew is followed at once', async () => {
  const { sim, clock } = await play(
    20,
    () => 0,
    () => {},
  );
  clock.frame(500);
  expect(clock.serverTick).toBe(500);
  await sim.advance(50);
  expect(clock.playhead).toBeCloseTo(499.9, 1);
});

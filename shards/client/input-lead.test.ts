import { expect, test } from 'vitest';
import { SimClock } from '../../src/testing/sim-clock.ts';
import { InputLead } from './input-lead.ts';

/** Frames that all report the same depth. */
function reporting(depth: number, frames = 16): InputLead {
  const lead = new InputLead(new SimClock(), { tickMs: 50 });
  for (let tick = 1; tick <= frames; tick++) lead.frame(tick, tick + depth);
  return lead;
}

test('a client that is late jumps ahead at once', () => {
  expect(reporting(-3).jump).toBe(5);
  expect(reporting(0).jump).toBe(2);
  expect(reporting(1).jump).toBe(0);
  expect(reporting(-3, 3).jump).toBe(0);
});

test('one that is a little early or late changes its pace, one that is far ahead waits', () => {
  expect(reporting(2).intervalMs).toBe(50);
  expect(reporting(1).intervalMs).toBeCloseTo(49.5);
  expect(reporting(4).intervalMs).toBeCloseTo(51);
  expect(reporting(9).intervalMs).toBeCloseTo(52.5);
  expect(reporting(9).jump).toBe(0);
  expect(reporting(20).jump).toBe(-18);
});

test('after a jump, reports about older inputs say nothing', () => {
  const lead = reporting(-3);
  lead.jumped(100);
  for (let tick = 17; tick < 30; tick++) lead.frame(tick, 99);
  expect(lead.jump).toBe(0);
  for (let tick = 30; tick < 40; tick++) lead.frame(tick, 100 + tick - 30);
  expect(lead.jump).toBe(-68);
});

test('the round trip is the shortest of the last frames', async () => {
  const clock = new SimClock();
  const lead = new InputLead(clock, { tickMs: 50 });
  for (const [tick, ms] of [
    [1, 80],
    [2, 60],
    [3, 95],
  ] as const) {
    lead.sent(tick);
    await clock.advance(ms);
    lead.frame(tick, tick);
  }
  expect(lead.rttMs).toBe(60);
});

test('[T6] a stall is not followed: no jump, and hardly another pace', () => {
  const lead = new InputLead(new SimClock(), { tickMs: 33 });
  const jumps: number[] = [];
  for (let tick = 1; tick <= 300; tick++) {
    // For three frames nothing comes, now and then: then all that waited is there.
    const stalled = Math.max(0, (tick % 100) - 96);
    lead.frame(tick, tick + 2 - stalled);
    jumps.push(lead.jump);
  }
  expect(jumps.every((jump) => jump === 0)).toBe(true);
  expect(lead.intervalMs).toBeGreaterThan(32);
});

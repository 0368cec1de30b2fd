import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LinkLane, type LinkQuality } from './link-lane.ts';
import { simEnv } from './sim-env.ts';

test('latency and bandwidth add up, and a second message waits for the first', () => {
  const lane = new LinkLane(simEnv(), { latencyMs: 50, bytesPerSecond: 1000 });
  expect(lane.arrivalMs(100)).toBe(150);
  expect(lane.arrivalMs(100)).toBe(250);
});

test('the wire rests while nothing is sent', async () => {
  const env = simEnv();
  const lane = new LinkLane(env, { bytesPerSecond: 1000 });
  expect(lane.arrivalMs(100)).toBe(100);
  await env.clock.advance(5000);
  expect(lane.arrivalMs(100)).toBe(5100);
});

test('a lost packet holds back what comes behind it', () => {
  const lane = new LinkLane(simEnv(), { latencyMs: 20, loss: 1 });
  expect(lane.arrivalMs(1)).toBe(220);
  lane.quality = { latencyMs: 20 };
  expect(lane.arrivalMs(1)).toBe(220);
  lane.quality = { latencyMs: 150, loss: 1 };
  expect(lane.arrivalMs(1401), 'two packets, two round trips').toBe(150 + 2 * 300);
});

test('loss and jitter are as often and as large as asked for', () => {
  const env = simEnv(7);
  let stalls = 0;
  let jitter = 0;
  for (let i = 0; i < 10_000; i++) {
    const arrivalMs = new LinkLane(env, { latencyMs: 40, jitterMs: 20, loss: 0.02 }).arrivalMs(100);
    if (arrivalMs >= 240) stalls++;
    else jitter += arrivalMs - 40;
  }
  expect(stalls / 10_000).toBeGreaterThan(0.016);
  expect(stalls / 10_000).toBeLessThan(0.024);
  expect(jitter / (10_000 - stalls)).toBeCloseTo(10, 0);
});

test('nothing overtakes, whatever the quality', () => {
  const quality = fc.record({
    latencyMs: fc.integer({ min: 0, max: 500 }),
    jitterMs: fc.integer({ min: 0, max: 500 }),
    loss: fc.double({ min: 0, max: 1, noNaN: true }),
    bytesPerSecond: fc.integer({ min: 1, max: 1_000_000 }),
  });
  const sends = fc.array(fc.tuple(fc.integer({ min: 0, max: 20_000 }), quality), { maxLength: 30 });
  fc.assert(
    fc.property(sends, fc.integer(), (list: [number, LinkQuality][], seed) => {
      const lane = new LinkLane(simEnv(seed), {});
      let before = 0;
      for (const [sizeBytes, own] of list) {
        lane.quality = own;
        const arrivalMs = lane.arrivalMs(sizeBytes);
        expect(arrivalMs).toBeGreaterThanOrEqual(before);
        before = arrivalMs;
      }
    }),
  );
});

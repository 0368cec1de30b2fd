import { expect, test } from 'vitest';
import { FrameHistory, type FrameSource } from './frame-history.ts';

test('the last frames are remembered, the newest first, and none after the end', () => {
  let listener: (() => void) | undefined;
  const clock = { tick: 0, serverTick: 0, playhead: 0, predictedTick: 0, ownPlayhead: 0, tickRate: 20 };
  const stats = {
    bytesPerSecond: 0,
    frames: 0,
    mispredictions: 3,
    rejected: 0,
    tick: 0,
    interpolationDelayMs: 0,
    jitterMs: 0,
    inputDepth: 0,
    frameBytes: 0,
    componentBytes: () => ({}),
  };
  const source: FrameSource = {
    clock,
    stats,
    onFrame(told) {
      listener = told;
      return () => {
        listener = undefined;
      };
    },
  };
  const history = new FrameHistory(source, 3);
  expect(history.size).toBe(0);
  for (let tick = 1; tick <= 5; tick++) {
    clock.tick = tick;
    clock.serverTick = tick + (tick === 4 ? 2 : 0);
    stats.frameBytes = tick * 10;
    if (tick === 5) stats.mispredictions++;
    listener?.();
  }
  expect(history.size).toBe(3);
  expect([0, 1, 2].map((ago) => history.at(ago))).toEqual([
    { tick: 5, bytes: 50, lateMs: 0, mispredicted: true },
    { tick: 4, bytes: 40, lateMs: 100, mispredicted: false },
    { tick: 3, bytes: 30, lateMs: 0, mispredicted: false },
  ]);
  history.close();
  expect(listener).toBeUndefined();
});

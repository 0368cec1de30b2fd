import { expect, test } from 'vitest';
import { encodeFrame } from '../protocol/frame.ts';
import { ChannelFrames } from './channel-frames.ts';

test('one payload on channels of one number is one frame; another payload leaves it as it is', () => {
  const frames = new ChannelFrames();
  const [a, b] = [new Uint8Array([1]), new Uint8Array([1])];
  const first = frames.of(1, a);
  expect(first).toEqual(encodeFrame(1, a));
  expect(frames.of(300, a)).toEqual(encodeFrame(300, a));
  expect(frames.of(1, a)).toBe(first);
  expect(frames.of(1, b)).not.toBe(first);
  expect(frames.of(1, b)).toEqual(first);
});

test('any number of channels is framed right', () => {
  const frames = new ChannelFrames();
  const payload = new Uint8Array([7, 8]);
  for (const round of [1, 2])
    for (let channel = 1; channel < 40; channel++)
      expect(frames.of(channel, payload), `round ${round}`).toEqual(encodeFrame(channel, payload));
});

import { expect, test } from 'vitest';
import { decodeFrame, encodeFrame } from '../../src/protocol/frame.ts';
import { type Frame, vectors } from './frame.vectors.ts';
import { binarySuite, unhex } from './vector.ts';

const codec = {
  encode: ({ channel, payload }: Frame) => encodeFrame(channel, payload),
  decode: decodeFrame,
};

binarySuite('the binary envelope', codec, vectors);

test.each([
  ['no bytes', ''],
  ['channel 0', '00 aa'],
  ['a channel cut short', '80'],
  ['a longer form of channel 1', '8100 aa'],
  ['a channel that is too large', 'ffffffffffffffff7f'],
])('[N1] %s is refused', (_, hex) => {
  expect(() => decodeFrame(unhex(hex))).toThrow(expect.objectContaining({ code: 'bad_message' }));
});

test('the payload is a view of the message, and encoding copies', () => {
  const message = unhex('01 aabb');
  const { payload } = decodeFrame(message);
  expect(payload.buffer).toBe(message.buffer);
  const again = encodeFrame(1, payload);
  payload.fill(0);
  expect([...again]).toEqual([0x01, 0xaa, 0xbb]);
});

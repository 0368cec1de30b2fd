import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HEAD_ROOM } from '../base/parcel.ts';
import { frameInPlace, SocketFrames } from './socket-frames.ts';

/** The header as in RFC 6455, section 5.2: final text frame, no mask, length in 7, 16 or 64 bits. */
test.each([
  [0, '81 00'],
  [1, '81 01'],
  [125, '81 7d'],
  [126, '81 7e 00 7e'],
  [65_535, '81 7e ff ff'],
  [65_536, '81 7f 00 00 00 00 00 01 00 00'],
])('a text of %i bytes', (length, header) => {
  const text = 'x'.repeat(length);
  const expected = Buffer.from(header.replaceAll(' ', ''), 'hex');
  expect(new SocketFrames().of(text).equals(Buffer.concat([expected, Buffer.from(text)]))).toBe(true);
});

test('the length is that of the UTF-8', () => {
  expect(new SocketFrames().of('\u{1f600}é').toString('hex')).toBe('8106f09f9880c3a9');
});

test('the same text in a row is one buffer, and another one leaves it as it is', () => {
  const frames = new SocketFrames();
  const first = frames.of('a');
  expect(frames.of('a')).toBe(first);
  expect(frames.of('b').toString('hex')).toBe('810162');
  expect(first.toString('hex')).toBe('810161');
  expect(frames.of('a').toString('hex')).toBe('810161');
});

test.each([
  [0, '82 00'],
  [125, '82 7d'],
  [126, '82 7e 00 7e'],
  [65_536, '82 7f 00 00 00 00 00 01 00 00'],
])('%i bytes', (length, header) => {
  const bytes = new Uint8Array(length).fill(7);
  const frames = new SocketFrames();
  const frame = frames.of(bytes);
  expect(frame.equals(Buffer.concat([Buffer.from(header.replaceAll(' ', ''), 'hex'), bytes]))).toBe(true);
  expect(frames.of(bytes)).toBe(frame);
  expect(frames.of(new Uint8Array(length).fill(7))).not.toBe(frame);
});

test('[T5] a parcel becomes the same frame where it stands, and what is around it stays as it is', () => {
  const length = fc.constantFrom(0, 1, 125, 126, 1000, 65_535, 65_536);
  fc.assert(
    fc.property(length, fc.nat({ max: 40 }), (size, before) => {
      const bytes = new Uint8Array(before + HEAD_ROOM + size + 3).fill(9);
      const from = before + HEAD_ROOM;
      const to = from + size;
      bytes.fill(7, from, to);
      const frame = frameInPlace({ bytes, from, to });
      expect(frame.equals(new SocketFrames().of(new Uint8Array(size).fill(7)))).toBe(true);
      expect(frame.buffer).toBe(bytes.buffer);
      expect([...bytes.subarray(0, before), ...bytes.subarray(to)].every((byte) => byte === 9)).toBe(true);
    }),
  );
});

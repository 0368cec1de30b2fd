import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Fault } from '../../src/base/fault.ts';
import {
  decodeRoomDown,
  decodeRoomUp,
  encodeRoom,
  MAX_MESSAGE_BYTES,
  type RoomDown,
  type RoomUp,
} from '../../src/protocol/room-frame.ts';
import { down, up } from './rooms.vectors.ts';

const bytesOf = (text: string) => new Uint8Array(Buffer.from(text));
const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString();

test.each(up)('from clients: $name', ({ text, value }) => {
  expect(textOf(encodeRoom(value))).toBe(text);
  expect(decodeRoomUp(bytesOf(text))).toEqual(value);
});

test.each(down)('from servers: $name', ({ text, value }) => {
  expect(textOf(encodeRoom(value))).toBe(text);
  expect(decodeRoomDown(bytesOf(text))).toEqual(value);
});

test('every kind has a vector', () => {
  const upKinds: Record<RoomUp['t'], true> = { publish: true, state: true };
  const downKinds: Record<RoomDown['t'], true> = { delta: true, list: true, message: true, missed: true };
  expect(up.map(({ value }) => value.t).toSorted()).toEqual(Object.keys(upKinds));
  expect(down.map(({ value }) => value.t).toSorted()).toEqual(Object.keys(downKinds));
});

test('any JSON comes back as it was', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4, noUnicodeString: false }), (json) => {
      const data = JSON.parse(JSON.stringify(json).replaceAll('__proto__', 'proto'));
      expect(decodeRoomUp(encodeRoom({ t: 'publish', data }))).toEqual({ t: 'publish', data });
    }),
  );
});

test('[N1] any other bytes are a fault', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      expect(() => decodeRoomUp(bytes)).toThrow(Fault);
      expect(() => decodeRoomDown(bytes)).toThrow(Fault);
    }),
  );
});

test('[N3] a message of the longest length is read, one byte more is not', () => {
  const full = 'x'.repeat(MAX_MESSAGE_BYTES - 2);
  expect(decodeRoomUp(encodeRoom({ t: 'publish', data: full }))).toEqual({ t: 'publish', data: full });
  expect(() => decodeRoomUp(encodeRoom({ t: 'publish', data: `${full}x` }))).toThrow(
    'a message of more than',
  );
});

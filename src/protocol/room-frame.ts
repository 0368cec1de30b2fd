/**
 * What travels in a channel of kind `room`: JSON in UTF-8, one message a payload. Who is there with what state,
 * and what members say to each other. Used by rooms/ on the server and by client/room-link.ts.
 * [N1] Payloads of clients are bounded in bytes and depth before they are looked at.
 */
import { Fault } from '../base/fault.ts';
import { type Json, parseJson } from '../base/json.ts';
import { type Infer, parseShape, type Shape, s, tagged } from '../base/shape.ts';
import { utf8Length, utf8Read, utf8Write } from '../base/utf8.ts';

/** The `kind` of an `open` message for a room. */
export const ROOM_CHANNEL = 'room';
export const MAX_ROOM_NAME_CHARS = 128;
/** Bytes of a member's state, as JSON in UTF-8. */
export const MAX_STATE_BYTES = 4096;
/** Bytes of what is published at once, as JSON in UTF-8. */
export const MAX_MESSAGE_BYTES = 16 << 10;

/** Around a state or a message: `{"t":"publish","data":..}`. */
const ENVELOPE_BYTES = 64;
const UP_LIMITS = { maxChars: MAX_MESSAGE_BYTES + ENVELOPE_BYTES, maxDepth: 16 };
/** A full list nests what a client sent by two more, and is as long as the server lets its rooms be. */
const DOWN_LIMITS = { maxChars: 256 << 20, maxDepth: 32 };

const identity = { id: s.string(64), userId: s.nullable(s.string()), name: s.nullable(s.string()) };
const member = s.object({ ...identity, state: s.json() });

export const roomParams = s.object({ room: s.string(MAX_ROOM_NAME_CHARS), state: s.json() });
/** Of `opened`: which member the client itself is. */
export const roomInfo = s.object({ id: s.string(64) });

const up = tagged({
  /** My state is now this. */
  state: s.object({ state: s.json() }),
  /** To all other members; not stored. */
  publish: s.object({ data: s.json() }),
});

const down = tagged({
  /** All members, in place of what was known. */
  list: s.object({ members: s.array(member) }),
  /** What changed since the last; who `joined` under an id that is known replaces what was known of it. */
  delta: s.object({
    joined: s.array(member),
    changed: s.array(s.object({ id: s.string(64), state: s.json() })),
    left: s.array(s.string(64)),
  }),
  message: s.object({ from: s.object(identity), data: s.json() }),
  /** This many messages were not sent, because the reader was too slow. */
  missed: s.object({ count: s.int(1) }),
});

export type RoomParams = Infer<typeof roomParams>;
export type RoomUp = Infer<typeof up>;
export type RoomDown = Infer<typeof down>;

/** Throws Fault `too_large` or `bad_message`. */
export function decodeRoomUp(payload: Uint8Array): RoomUp {
  const message = decode(up, payload, UP_LIMITS);
  if (message.t === 'state') checkState(message.state);
  else checkMessage(message.data);
  return message;
}

export function decodeRoomDown(payload: Uint8Array): RoomDown {
  return decode(down, payload, DOWN_LIMITS);
}

export function encodeRoom(message: RoomUp | RoomDown): Uint8Array {
  const text = JSON.stringify(message);
  const bytes = new Uint8Array(utf8Length(text));
  utf8Write(text, bytes, 0);
  return bytes;
}

/** Throws Fault `too_large`. Returns the text, by which states are compared. */
export function checkState(state: Json): string {
  return checkSize(state, MAX_STATE_BYTES, 'a state');
}

export function checkMessage(data: Json): string {
  return checkSize(data, MAX_MESSAGE_BYTES, 'a message');
}

function checkSize(value: Json, maxBytes: number, what: string): string {
  const text = JSON.stringify(value);
  if (utf8Length(text) > maxBytes) throw new Fault('too_large', `${what} of more than ${maxBytes} bytes`);
  return text;
}

function decode<T>(shape: Shape<T>, payload: Uint8Array, limits: { maxChars: number; maxDepth: number }): T {
  if (payload.length > limits.maxChars)
    throw new Fault('too_large', `a payload of more than ${limits.maxChars} bytes`);
  return parseShape(shape, parseJson(utf8Read(payload), limits), 'payload', 'bad_message');
}

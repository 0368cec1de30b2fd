/**
 * Messages as WebSocket frames of a server (RFC 6455, section 5.2: final, unmasked). A batch or an update goes to
 * many sockets one after another, so the last frame is kept: its bytes are made once and shared.
 */
import type { Parcel } from '../base/parcel.ts';

const FINAL_TEXT = 0x81;
const FINAL_BINARY = 0x82;
const LENGTH_16 = 126;
const LENGTH_64 = 127;
const MAX_HEADER = 10;

export class SocketFrames {
  #message: string | Uint8Array = '';
  #frame: Buffer = encodeText('');

  /** Not to be written to; neither are bytes that were given. Bytes are the same when they are one object. */
  of(message: string | Uint8Array): Buffer {
    if (message !== this.#message) {
      this.#frame = typeof message === 'string' ? encodeText(message) : encodeBytes(message);
      this.#message = message;
    }
    return this.#frame;
  }
}

/** The frame of a parcel, whose head is written into its room. */
export function frameInPlace({ bytes, from, to }: Parcel): Buffer {
  const length = to - from;
  const begin = from - headerBytes(length);
  writeHeader(bytes, begin, { first: FINAL_BINARY, length });
  return Buffer.from(bytes.buffer, bytes.byteOffset + begin, to - begin);
}

function encodeText(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const frame = Buffer.allocUnsafe(headerBytes(length) + length);
  frame.write(text, writeHeader(frame, 0, { first: FINAL_TEXT, length }));
  return frame;
}

function encodeBytes(bytes: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(headerBytes(bytes.length) + bytes.length);
  frame.set(bytes, writeHeader(frame, 0, { first: FINAL_BINARY, length: bytes.length }));
  return frame;
}

function headerBytes(length: number): number {
  return length < LENGTH_16 ? 2 : length < 1 << 16 ? 4 : MAX_HEADER;
}

/** Gives the place behind it. */
function writeHeader(
  frame: Uint8Array,
  at: number,
  { first, length }: { first: number; length: number },
): number {
  const bytes = headerBytes(length);
  frame[at] = first;
  frame[at + 1] = bytes === 2 ? length : bytes === 4 ? LENGTH_16 : LENGTH_64;
  // The highest byte comes first; the shifts of a number of 32 bits begin anew at 32, so it is divided.
  let rest = length;
  for (let i = at + bytes - 1; i > at + 1; i--) {
    frame[i] = rest;
    rest = Math.floor(rest / 256);
  }
  return at + bytes;
}

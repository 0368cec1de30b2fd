/** The binary envelope: `varuint channel | payload`. The channel was opened in a text frame before. */
import { Reader } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';

/** The largest channel number; the smallest is 1. */
export const MAX_CHANNEL = 0xffff_ffff;

/** The frame is new, made in one copy: this runs once per player and tick. */
export function encodeFrame(channel: number, payload: Uint8Array): Uint8Array {
  let headBytes = 1;
  for (let rest = channel >>> 7; rest > 0; rest >>>= 7) headBytes++;
  const frame = new Uint8Array(headBytes + payload.length);
  let rest = channel >>> 0;
  for (let i = 0; i < headBytes; i++) {
    frame[i] = (rest & 127) | (i < headBytes - 1 ? 128 : 0);
    rest >>>= 7;
  }
  frame.set(payload, headBytes);
  return frame;
}

/** `payload` is a view of `bytes`. Throws Fault `bad_message`. */
export function decodeFrame(bytes: Uint8Array): { channel: number; payload: Uint8Array } {
  const reader = new Reader(bytes);
  const channel = reader.varuint();
  if (channel === 0 || channel > MAX_CHANNEL) throw new Fault('bad_message', `no channel ${channel}`);
  return { channel, payload: reader.rest() };
}

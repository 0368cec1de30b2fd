/** The binary envelope: `varuint channel | payload`. The channel was opened in a text frame before. */
import { Reader } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';

/** The largest channel number; the smallest is 1. */
export const MAX_CHANNEL = 0xffff_ffff;

/** The frame is new, made in one copy. */
export function encodeFrame(channel: number, payload: Uint8Array): Uint8Array {
  const head = headBytes(channel);
  const frame = new Uint8Array(head + payload.length);
  writeHeadBefore(frame, head, channel);
  frame.set(payload, head);
  return frame;
}

/** Writes the channel right before `at`, where its payload begins; gives where the frame begins. */
export function writeHeadBefore(bytes: Uint8Array, at: number, channel: number): number {
  const head = headBytes(channel);
  let rest = channel >>> 0;
  for (let i = at - head; i < at - 1; i++) {
    bytes[i] = rest | 128;
    rest >>>= 7;
  }
  bytes[at - 1] = rest;
  return at - head;
}

function headBytes(channel: number): number {
  let bytes = 1;
  for (let rest = channel >>> 7; rest > 0; rest >>>= 7) bytes++;
  return bytes;
}

/** `payload` is a view of `bytes`. Throws Fault `bad_message`. */
export function decodeFrame(bytes: Uint8Array): { channel: number; payload: Uint8Array } {
  const first = bytes[0] ?? 0;
  if (first > 0 && first < 128) return { channel: first, payload: bytes.subarray(1) };
  const reader = new Reader(bytes);
  const channel = reader.varuint();
  if (channel === 0 || channel > MAX_CHANNEL) throw new Fault('bad_message', `no channel ${channel}`);
  return { channel, payload: reader.rest() };
}

/** The binary envelope: `varuint channel | payload`. The channel was opened in a text frame before. */
import { Reader, Writer } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';

export function encodeFrame(channel: number, payload: Uint8Array): Uint8Array {
  return new Writer(payload.length + 5).varuint(channel).bytes(payload).finish();
}

/** `payload` is a view of `bytes`. Throws Fault `bad_message`. */
export function decodeFrame(bytes: Uint8Array): { channel: number; payload: Uint8Array } {
  const reader = new Reader(bytes);
  const channel = reader.varuint();
  if (channel === 0) throw new Fault('bad_message', 'channel 0 does not exist');
  return { channel, payload: reader.rest() };
}

/**
 * Events and messages as MessagePack, over a library that the platform chooses (server/node-packer.ts,
 * client/browser-packer.ts). What one side encodes the other side accepts; all else is a Fault on both. [N1]
 */
import { Fault } from '../../src/base/fault.ts';
import type { Json } from '../../src/base/json.ts';
import { isJson } from '../../src/base/shape.ts';
import { type MessageLimits, scanMessage } from './message-scan.ts';

/** A MessagePack library. */
export interface Packer {
  encode(value: Json): Uint8Array;
  decode(bytes: Uint8Array): unknown;
}

export class MessageCodec {
  readonly #packer: Packer;
  readonly #limits: MessageLimits;

  constructor(packer: Packer, limits: MessageLimits) {
    this.#packer = packer;
    this.#limits = limits;
  }

  /** Throws Fault `invalid` for what is not JSON, `too_large` and `bad_message` for what a reader would refuse. */
  encode(value: unknown): Uint8Array {
    if (!isJson(value)) throw new Fault('invalid', 'a message must be JSON');
    const bytes = this.#packer.encode(value);
    scanMessage(bytes, this.#limits);
    return bytes;
  }

  /** Throws Fault `too_large` or `bad_message`, never anything else. */
  decode(bytes: Uint8Array): Json {
    const entries = scanMessage(bytes, this.#limits);
    let value: unknown;
    try {
      value = this.#packer.decode(bytes);
    } catch {
      throw new Fault('bad_message', 'bytes are not MessagePack');
    }
    if (!isJson(value)) throw new Fault('bad_message', 'a message must be JSON');
    // A key that was there twice is gone now.
    if (countEntries(value) !== entries) throw new Fault('bad_message', 'a key is there twice');
    return value;
  }
}

function countEntries(value: Json): number {
  if (typeof value !== 'object' || value === null) return 0;
  const inner = Array.isArray(value) ? value : Object.values(value);
  let count = Array.isArray(value) ? 0 : inner.length;
  for (const item of inner) count += countEntries(item);
  return count;
}

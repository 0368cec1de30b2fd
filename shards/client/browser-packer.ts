/** MessagePack in browsers: @msgpack/msgpack, which makes no code from text and so runs under a strict CSP. */
import { Decoder, Encoder } from '@msgpack/msgpack';
import type { Packer } from '../core/message-codec.ts';

export function browserPacker(): Packer {
  const encoder = new Encoder();
  const decoder = new Decoder();
  return {
    encode: (value) => encoder.encode(value),
    decode: (bytes) => decoder.decode(bytes),
  };
}

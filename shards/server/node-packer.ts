/** MessagePack on Node: msgpackr, without its record extension, so that any language reads it. */
import { Packr } from 'msgpackr';
import type { Packer } from '../core/message-codec.ts';

export function nodePacker(): Packer {
  const packr = new Packr({ useRecords: false, variableMapSize: true, int64AsType: 'number' });
  return {
    encode: (value) => packr.encode(value),
    decode: (bytes) => packr.decode(bytes),
  };
}

/** The fields of a fragment, alike in both directions. */
import type { Reader, Writer } from '../../src/base/bytes.ts';
import { Fault } from '../../src/base/fault.ts';
import { FRAGMENT_BYTES } from './frame-limits.ts';

/** A piece of a frame too large to travel whole. Pieces of one stream come in order. */
export interface Fragment {
  /** Numbers the streams of one direction of one channel, growing. */
  readonly stream: number;
  /** Bytes of the whole frame. */
  readonly total: number;
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export function writeFragment(writer: Writer, { stream, total, offset, bytes }: Fragment): void {
  writer.varuint(stream).varuint(total).varuint(offset).bytes(bytes);
}

export function readFragment(reader: Reader): Fragment {
  const [stream, total, offset] = [reader.varuint(), reader.varuint(), reader.varuint()];
  // Every piece but the last is full, so that a frame cannot arrive as millions of small ones.
  if (offset >= total || reader.left !== Math.min(FRAGMENT_BYTES, total - offset)) {
    throw new Fault('bad_message', 'a fragment that does not fit its frame');
  }
  return { stream, total, offset, bytes: reader.rest() };
}

/**
 * Frames over FRAGMENT_BYTES travel in pieces, so that a large document never holds back a tick.
 * The sender cuts lazily (a slow reader takes them one by one); the receiver checks the total before it
 * keeps a byte, allows a bounded number of streams, and takes the pieces of a stream in order only. [N1]
 */
import { Fault } from '../../src/base/fault.ts';
import type { Fragment } from './fragment-frame.ts';
import { FRAGMENT_BYTES } from './frame-limits.ts';

export interface AssemblerLimits {
  /** Bytes of one assembled frame. */
  maxBytes: number;
  /** Frames under way at once. */
  maxStreams: number;
}

/** The piece that begins at `offset`. The bytes are a view of `frame`. */
export function fragmentAt(frame: Uint8Array, stream: number, offset: number): Fragment {
  const bytes = frame.subarray(offset, offset + FRAGMENT_BYTES);
  return { stream, total: frame.length, offset, bytes };
}

interface Stream {
  readonly total: number;
  readonly pieces: Uint8Array[];
  received: number;
}

export class Assembler {
  readonly #limits: AssemblerLimits;
  readonly #streams = new Map<number, Stream>();

  constructor(limits: AssemblerLimits) {
    this.#limits = limits;
  }

  /** Bytes held for frames that are not whole yet. */
  get heldBytes(): number {
    let bytes = 0;
    for (const { received } of this.#streams.values()) bytes += received;
    return bytes;
  }

  /** The whole frame when this was its last piece, else null. Throws `too_large` or `bad_message`. */
  add({ stream, total, offset, bytes }: Fragment): Uint8Array | null {
    const entry = this.#streams.get(stream) ?? this.#begin(stream, total, offset);
    if (entry.total !== total || entry.received !== offset) {
      throw new Fault('bad_message', 'a fragment out of order');
    }
    entry.pieces.push(bytes.slice()); // a payload is valid during its call only
    entry.received += bytes.length;
    if (entry.received < total) return null;
    this.#streams.delete(stream);
    return concat(entry.pieces, total);
  }

  clear(): void {
    this.#streams.clear();
  }

  #begin(stream: number, total: number, offset: number): Stream {
    const { maxBytes, maxStreams } = this.#limits;
    if (offset !== 0) throw new Fault('bad_message', 'a fragment of no frame');
    if (total > maxBytes)
      throw new Fault('too_large', `a frame of ${total} bytes, at most ${maxBytes} allowed`);
    if (this.#streams.size >= maxStreams) {
      throw new Fault('too_large', `more than ${maxStreams} fragmented frames at once`);
    }
    const entry = { total, pieces: [], received: 0 };
    this.#streams.set(stream, entry);
    return entry;
  }
}

function concat(pieces: readonly Uint8Array[], total: number): Uint8Array {
  const whole = new Uint8Array(total);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

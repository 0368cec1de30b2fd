/**
 * Puts frames together: head, texts, body, tail. Frames are cut from slabs, each behind room for the heads of what
 * carries it, and never written again, for the socket keeps them without a copy. [T5]
 *
 *   kind | head (frame-header.ts) | [texts: count, then (place, string) each]
 *   | [changes: leaves: count, then cells; enters: count, then cell * 4 + level; cells ascending, as differences]
 *   | bits: for each cell that is entered or had a step 0, or 1 and its chunk
 *           [tail: for each part 0 none, 1 as predicted, 2 and its chunk, in 2 bits]
 */
import { BitWriter } from '../../src/base/bits.ts';
import { HEAD_ROOM, type Parcel } from '../../src/base/parcel.ts';
import type { Chunk } from './chunk.ts';
import type { FrameBody } from './frame-body.ts';
import { type FrameHeader, HAS_CHANGES, HAS_TAIL, HAS_TEXTS, MAX_WAITING, STEADY } from './frame-header.ts';
import { KIND } from './frames.ts';
import type { TextPool } from './text-pool.ts';

const SLAB_BYTES = 64 * 1024;
const HEAD_BYTES = 48;

/** What a frame says of a part of the tail: it is not there (any more), it is as predicted, a chunk follows. */
export type TailState = 'none' | 'quiet' | Chunk;

export interface FrameParts {
  readonly head: FrameHeader;
  /** The places of texts that this player has yet to be told of. */
  readonly places: readonly number[];
  readonly body: FrameBody;
  /** By part; left out when all parts that he holds are as predicted. */
  readonly tail?: readonly TailState[];
}

export class FrameWriter {
  readonly #texts: TextPool;
  readonly #everyTicks: number;
  readonly #bits = new BitWriter(256);
  readonly #frame = { bytes: new Uint8Array(SLAB_BYTES), from: 0, to: 0 };
  #slab = this.#frame.bytes;
  #at = 0;

  /** `everyTicks` is the definition's `snapshotEvery`. */
  constructor(texts: TextPool, everyTicks: number) {
    this.#texts = texts;
    this.#everyTicks = everyTicks;
  }

  /** The bytes are never written again; the object that says where they are is that of the next frame, too. */
  write(parts: FrameParts): Parcel {
    const { head, places, body, tail } = parts;
    this.#reserve(parts);
    this.#u8(KIND.frame);
    this.#writeHead(
      head,
      (places.length > 0 ? HAS_TEXTS : 0) | (body.hasChanges ? HAS_CHANGES : 0) | (tail ? HAS_TAIL : 0),
    );
    if (places.length > 0) this.#writeTexts(places);
    if (body.hasChanges) this.#at = body.writeChanges(this.#slab, this.#at);
    const { bytes, byteLength } = tail ? this.#withTail(body, tail) : body.bits;
    this.#bytes(bytes, byteLength);
    this.#frame.to = this.#at;
    return this.#frame;
  }

  #writeHead(head: FrameHeader, parts: number): void {
    const { base } = head;
    const ticks = base === 0 ? head.tick : head.tick - head.baseTick;
    const steady = base !== 0 && head.frame === base + 1 && ticks === this.#everyTicks;
    this.#u8(Math.min(head.waiting, MAX_WAITING) | parts | (steady ? STEADY : 0));
    if (!steady) {
      this.#varuint(base === 0 ? 0 : head.frame - base);
      if (base === 0) this.#varuint(head.frame);
      this.#varuint(ticks);
    }
    const ahead = head.newestInput - head.tick;
    this.#varuint(head.newestInput === 0 ? 0 : 1 + (ahead >= 0 ? ahead * 2 : -ahead * 2 - 1));
  }

  #reserve({ places, body, tail }: FrameParts): void {
    let most = HEAD_ROOM + HEAD_BYTES + body.maxChangeBytes + body.bits.byteLength;
    for (const place of places) most += this.#texts.at(place).bytes.length + 12;
    for (const part of tail ?? []) if (typeof part === 'object') most += part.bytes.length;
    if (this.#at + most > this.#slab.length) {
      this.#slab = new Uint8Array(Math.max(SLAB_BYTES, most));
      this.#at = 0;
    }
    this.#at += HEAD_ROOM;
    this.#frame.bytes = this.#slab;
    this.#frame.from = this.#at;
  }

  #writeTexts(places: readonly number[]): void {
    this.#varuint(places.length);
    for (const place of places) {
      const { bytes } = this.#texts.at(place);
      this.#varuint(place);
      this.#varuint(bytes.length);
      this.#bytes(bytes, bytes.length);
    }
  }

  #withTail(body: FrameBody, tail: readonly TailState[]): BitWriter {
    const bits = this.#bits;
    bits.clear();
    bits.append(body.bits.bytes, body.bits.bitLength);
    for (const part of tail) {
      bits.write(part === 'none' ? 0 : part === 'quiet' ? 1 : 2, 2);
      if (typeof part === 'object') bits.append(part.bytes, part.bitLength);
    }
    return bits;
  }

  #u8(value: number): void {
    this.#slab[this.#at++] = value;
  }

  #varuint(value: number): void {
    let left = value;
    while (left >= 128) {
      this.#u8((left % 128) | 128);
      left = Math.floor(left / 128);
    }
    this.#u8(left);
  }

  #bytes(bytes: Uint8Array, length: number): void {
    const slab = this.#slab;
    const at = this.#at;
    for (let i = 0; i < length; i++) slab[at + i] = bytes[i]!;
    this.#at = at + length;
  }
}

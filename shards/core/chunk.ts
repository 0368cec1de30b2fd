/** Bits of a chunk that all who see the cell share; copied into frames, then overwritten by the next one. */
import type { BitWriter } from '../../src/base/bits.ts';

const NONE = new Uint8Array(0);

export class Chunk {
  bytes: Uint8Array = NONE;
  bitLength = 0;
  /** The places of the texts that it names; see known-texts.ts. */
  readonly places: number[] = [];

  /** Takes over what `bits` holds. */
  take(bits: BitWriter): void {
    const { bytes, byteLength } = bits;
    if (this.bytes.length < byteLength) {
      this.bytes = new Uint8Array(Math.max(16, byteLength + (byteLength >> 1)));
    }
    for (let i = 0; i < byteLength; i++) this.bytes[i] = bytes[i]!;
    this.bitLength = bits.bitLength;
  }
}

/**
 * Fields of 1 to 32 bits, least significant bit first, for inputs and snapshots.
 * Bytes come from `finish()` padded with zero bits; a reader refuses set padding, so that equal values
 * have equal bytes.
 */
import { Fault } from './fault.ts';

export class BitWriter {
  #bytes: Uint8Array;
  #bits = 0;

  constructor(sizeHintBytes = 64) {
    this.#bytes = new Uint8Array(sizeHintBytes);
  }

  /** Writes the low `width` bits of `value`, which must be a whole number in 0 .. 2^width - 1. */
  write(value: number, width: number): void {
    const end = this.#bits + width;
    if (end > this.#bytes.length * 8) {
      const bigger = new Uint8Array(Math.max(this.#bytes.length * 2, (end + 7) >> 3));
      bigger.set(this.#bytes);
      this.#bytes = bigger;
    }
    let at = this.#bits;
    let left = width;
    let rest = value >>> 0;
    while (left > 0) {
      const shift = at & 7;
      const room = Math.min(8 - shift, left);
      this.#bytes[at >> 3]! |= (rest & ((1 << room) - 1)) << shift;
      rest >>>= room;
      at += room;
      left -= room;
    }
    this.#bits = end;
  }

  bool(value: boolean): void {
    this.write(value ? 1 : 0, 1);
  }

  get bitLength(): number {
    return this.#bits;
  }

  /** A copy, padded to whole bytes with zero bits. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, (this.#bits + 7) >> 3);
  }

  clear(): void {
    this.#bytes.fill(0, 0, (this.#bits + 7) >> 3);
    this.#bits = 0;
  }
}

export class BitReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  read(width: number): number {
    if (this.#at + width > this.#bytes.length * 8) throw new Fault('bad_message', 'bits end too early');
    let value = 0;
    let got = 0;
    while (got < width) {
      const shift = this.#at & 7;
      const room = Math.min(8 - shift, width - got);
      const piece = (this.#bytes[this.#at >> 3]! >> shift) & ((1 << room) - 1);
      value += piece * 2 ** got; // not `|`: 32-bit fields would turn negative
      this.#at += room;
      got += room;
    }
    return value;
  }

  bool(): boolean {
    return this.read(1) === 1;
  }

  /** Throws unless only zero padding of less than a byte is left. */
  end(): void {
    const left = this.#bytes.length * 8 - this.#at;
    if (left >= 8 || (left > 0 && this.read(left) !== 0)) throw new Fault('bad_message', 'bits left over');
  }
}

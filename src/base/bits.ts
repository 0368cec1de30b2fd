/**
 * Fields of 0 to 32 bits, least significant bit first, for inputs and snapshots.
 * Bytes come from `finish()` padded with zero bits; a reader refuses set padding, so that equal values
 * have equal bytes. Both are on the hot path of shards: a field is written with at most five byte writes.
 */
import { Fault } from './fault.ts';

export class BitWriter {
  /** What was written so far, and bytes of no meaning behind it. Replaced when it grows. */
  bytes: Uint8Array;
  #bits = 0;

  constructor(sizeHintBytes = 64) {
    this.bytes = new Uint8Array(sizeHintBytes);
  }

  /** Writes the low `width` bits of `value`, which must be a whole number in 0 .. 2^width - 1. */
  write(value: number, width: number): void {
    const start = this.#bits;
    const end = start + width;
    if (end > this.bytes.length * 8) this.#grow(end);
    if (width === 0) return;
    this.#bits = end;
    const { bytes } = this;
    const shift = start & 7;
    let at = start >> 3;
    // The byte that was begun keeps its low bits; all behind it is overwritten, so nothing has to be cleared.
    bytes[at] = (shift === 0 ? 0 : bytes[at]! & ((1 << shift) - 1)) | (value << shift);
    let rest = value >>> (8 - shift);
    for (let left = width + shift - 8; left > 0; left -= 8) {
      bytes[++at] = rest;
      rest >>>= 8;
    }
  }

  bool(value: boolean): void {
    this.write(value ? 1 : 0, 1);
  }

  /** Writes the first `count` bits of `from`; the bits behind them in their last byte must be zero. */
  append(from: Uint8Array, count: number): void {
    const start = this.#bits;
    const end = start + count;
    if (end + 8 > this.bytes.length * 8) this.#grow(end + 8);
    this.#bits = end;
    const { bytes } = this;
    const length = (count + 7) >> 3;
    const shift = start & 7;
    const at = start >> 3;
    let carry = shift === 0 ? 0 : bytes[at]! & ((1 << shift) - 1);
    for (let i = 0; i < length; i++) {
      const byte = from[i]!;
      bytes[at + i] = carry | (byte << shift);
      carry = byte >> (8 - shift);
    }
    bytes[at + length] = carry;
  }

  /** Writes `count` bits of `from`, from bit `first` on. A byte, whatever it is, must stand behind them. */
  appendSlice(from: Uint8Array, first: number, count: number): void {
    const start = this.#bits;
    const end = start + count;
    if (end + 16 > this.bytes.length * 8) this.#grow(end + 16);
    this.#bits = end;
    const { bytes } = this;
    const shift = start & 7;
    const skew = first & 7;
    let at = start >> 3;
    let source = first >> 3;
    let carry = shift === 0 ? 0 : bytes[at]! & ((1 << shift) - 1);
    for (let left = count; left > 0; left -= 8) {
      const byte = ((from[source]! | (from[source + 1]! << 8)) >> skew) & 255;
      source++;
      bytes[at++] = carry | (byte << shift);
      carry = byte >> (8 - shift);
    }
    bytes[at] = carry;
    if ((end & 7) !== 0) bytes[end >> 3]! &= (1 << (end & 7)) - 1;
  }

  get bitLength(): number {
    return this.#bits;
  }

  /** Whole bytes that hold what was written; the bits behind it in the last one are zero. */
  get byteLength(): number {
    return (this.#bits + 7) >> 3;
  }

  /** A copy, padded to whole bytes with zero bits. */
  finish(): Uint8Array {
    return this.bytes.slice(0, this.byteLength);
  }

  clear(): void {
    this.#bits = 0;
  }

  #grow(bits: number): void {
    const bigger = new Uint8Array(Math.max(this.bytes.length * 2, (bits + 7) >> 3));
    bigger.set(this.bytes);
    this.bytes = bigger;
  }
}

export class BitReader {
  #bytes: Uint8Array;
  #at = 0;
  #end: number;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#end = bytes.length * 8;
  }

  /** Begins anew, with the byte `from` of other bytes. */
  over(bytes: Uint8Array, from: number): void {
    this.#bytes = bytes;
    this.#at = from * 8;
    this.#end = bytes.length * 8;
  }

  /** Bits not read yet. */
  get left(): number {
    return this.#end - this.#at;
  }

  read(width: number): number {
    const start = this.#at;
    const end = start + width;
    if (end > this.#end) throw new Fault('bad_message', 'bits end too early');
    this.#at = end;
    if (width === 0) return 0;
    const shift = start & 7;
    const touched = shift + width;
    if (touched > 32 || width === 32) return this.#readWide(start, width);
    const bytes = this.#bytes;
    let at = start >> 3;
    let value = bytes[at]!;
    for (let got = 8; got < touched; got += 8) value |= bytes[++at]! << got;
    return (value >>> shift) & ((1 << width) - 1);
  }

  bool(): boolean {
    return this.read(1) === 1;
  }

  /** Throws unless only zero padding of less than a byte is left. */
  end(): void {
    const { left } = this;
    if (left >= 8 || this.read(left) !== 0) throw new Fault('bad_message', 'bits left over');
  }

  /** A field that lies in five bytes, or that bit operations would take for a negative number. */
  #readWide(start: number, width: number): number {
    const bytes = this.#bytes;
    const shift = start & 7;
    let at = start >> 3;
    let value = bytes[at]! >>> shift;
    for (let got = 8 - shift; got < width; got += 8) value += bytes[++at]! * 2 ** got;
    return value % 2 ** width;
  }
}

/**
 * Reader and Writer of binary payloads: bounds-checked, little-endian, nothing else.
 * `varuint` is LEB128 up to 2^53 - 1; `varint` is zigzag over it. Every read past the end, every
 * number over its range and every length over what is left throws Fault `bad_message`. [N1]
 */
import type { BitReader } from './bits.ts';
import { Fault } from './fault.ts';
import { utf8Length, utf8Read, utf8Write } from './utf8.ts';

const EMPTY = new Uint8Array(0);

export class Reader {
  #bytes: Uint8Array;
  /** Made when a number of several bytes is read: most payloads have none. */
  #view: DataView | undefined;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Begins anew with other bytes. */
  over(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#view = undefined;
    this.#at = 0;
  }

  /** Bytes not read yet. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  u8(): number {
    return this.#bytes[this.#take(1)]!;
  }

  u16(): number {
    return this.#numbers().getUint16(this.#take(2), true);
  }

  u32(): number {
    return this.#numbers().getUint32(this.#take(4), true);
  }

  u64(): bigint {
    return this.#numbers().getBigUint64(this.#take(8), true);
  }

  f64(): number {
    return this.#numbers().getFloat64(this.#take(8), true);
  }

  varuint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 8; i++) {
      const byte = this.u8();
      value += (byte & 127) * scale;
      if (byte < 128) {
        // The shortest form is the only form, so that equal values have equal bytes.
        if (value > Number.MAX_SAFE_INTEGER || (byte === 0 && i > 0)) break;
        return value;
      }
      scale *= 128;
    }
    throw new Fault('bad_message', 'bad variable-length number');
  }

  varint(): number {
    const zigzag = this.varuint();
    return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
  }

  /** A view, not a copy: valid as long as the buffer beneath is. */
  bytes(length: number): Uint8Array {
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** A length and that many bytes. */
  blob(maxBytes: number): Uint8Array {
    const length = this.varuint();
    if (length > maxBytes)
      throw new Fault('too_large', `field of ${length} bytes, at most ${maxBytes} allowed`);
    return this.bytes(length);
  }

  string(maxBytes: number): string {
    return utf8Read(this.blob(maxBytes));
  }

  rest(): Uint8Array {
    return this.bytes(this.left);
  }

  /** All that is left is read by `bits`. */
  restBy(bits: BitReader): void {
    bits.over(this.#bytes, this.#take(this.left));
  }

  /** Throws unless everything was read. */
  end(): void {
    if (this.left !== 0) throw new Fault('bad_message', `${this.left} bytes too many`);
  }

  #numbers(): DataView {
    const { buffer, byteOffset, byteLength } = this.#bytes;
    this.#view ??= new DataView(buffer, byteOffset, byteLength);
    return this.#view;
  }

  #take(length: number): number {
    const start = this.#at;
    if (length > this.#bytes.length - start) throw new Fault('bad_message', 'message ends too early');
    this.#at = start + length;
    return start;
  }
}

/** Grows as needed. `finish` copies, so a frame handed to a socket is never written again. [T5] */
export class Writer {
  #bytes: Uint8Array;
  #view: DataView;
  #at = 0;

  constructor(sizeHintBytes = 64) {
    this.#bytes = new Uint8Array(sizeHintBytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get length(): number {
    return this.#at;
  }

  u8(value: number): this {
    const at = this.#grow(1);
    this.#bytes[at] = value;
    return this;
  }

  u16(value: number): this {
    const at = this.#grow(2);
    this.#view.setUint16(at, value, true);
    return this;
  }

  u32(value: number): this {
    const at = this.#grow(4);
    this.#view.setUint32(at, value, true);
    return this;
  }

  u64(value: bigint): this {
    const at = this.#grow(8);
    this.#view.setBigUint64(at, value, true);
    return this;
  }

  f64(value: number): this {
    const at = this.#grow(8);
    this.#view.setFloat64(at, value, true);
    return this;
  }

  /** `value` is a whole number in 0 .. 2^53 - 1; anything else is a bug and throws RangeError. */
  varuint(value: number): this {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`not a varuint: ${value}`);
    let left = value;
    while (left >= 128) {
      this.u8((left % 128) | 128);
      left = Math.floor(left / 128);
    }
    return this.u8(left);
  }

  /** `value` is a whole number of at most 52 bits and a sign. */
  varint(value: number): this {
    return this.varuint(value >= 0 ? value * 2 : -value * 2 - 1);
  }

  bytes(value: Uint8Array): this {
    const at = this.#grow(value.length);
    this.#bytes.set(value, at);
    return this;
  }

  blob(value: Uint8Array): this {
    return this.varuint(value.length).bytes(value);
  }

  string(value: string): this {
    const length = utf8Length(value);
    this.varuint(length);
    const at = this.#grow(length);
    utf8Write(value, this.#bytes, at);
    return this;
  }

  /** A copy of what was written. The writer may go on, or be cleared and used again. */
  finish(): Uint8Array {
    return this.#at === 0 ? EMPTY : this.#bytes.slice(0, this.#at);
  }

  /** Copies what was written to `out` from `at` on, and gives the place behind it. */
  copyTo(out: Uint8Array, at: number): number {
    for (let i = 0; i < this.#at; i++) out[at + i] = this.#bytes[i]!;
    return at + this.#at;
  }

  clear(): this {
    this.#at = 0;
    return this;
  }

  #grow(length: number): number {
    const start = this.#at;
    const end = start + length;
    if (end > this.#bytes.length) {
      const bigger = new Uint8Array(Math.max(end, this.#bytes.length * 2));
      bigger.set(this.#bytes.subarray(0, start));
      this.#bytes = bigger;
      this.#view = new DataView(bigger.buffer);
    }
    this.#at = end;
    return start;
  }
}

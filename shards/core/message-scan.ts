/**
 * Walks MessagePack bytes without building anything, before a library decodes them: so that server and
 * browser, with their different libraries, accept exactly the same bytes, and none of them allocates for a
 * length that is not there. Allowed is what JSON can say: no binary, no extensions, no timestamps, keys are
 * texts, numbers are finite and safe. Source: github.com/msgpack/msgpack, spec.md. [N1]
 */
import { Fault } from '../../src/base/fault.ts';
import { utf8Read } from '../../src/base/utf8.ts';

export interface MessageLimits {
  readonly maxBytes: number;
  readonly maxDepth: number;
}

/** Returns the entries of all maps together. Throws Fault `too_large` or `bad_message`. */
export function scanMessage(bytes: Uint8Array, limits: MessageLimits): number {
  if (bytes.length > limits.maxBytes) {
    throw new Fault('too_large', `message of ${bytes.length} bytes, at most ${limits.maxBytes} allowed`);
  }
  const scan = new Scan(bytes, limits.maxDepth);
  scan.value(0);
  if (scan.left > 0) throw new Fault('bad_message', `${scan.left} bytes too many`);
  return scan.entries;
}

class Scan {
  entries = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #maxDepth: number;
  #at = 0;

  constructor(bytes: Uint8Array, maxDepth: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#maxDepth = maxDepth;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** Recursion is bounded by `maxDepth`. */
  value(depth: number): void {
    const head = this.#bytes[this.#take(1)]!;
    if (head < 0x80 || head >= 0xe0) return;
    if (head < 0x90) return this.#map(head & 15, depth);
    if (head < 0xa0) return this.#list(head & 15, depth);
    if (head < 0xc0) return void this.#text(head & 31);
    switch (head) {
      case 0xc0: // nil
      case 0xc2: // false
      case 0xc3: // true
        return;
      case 0xca:
        return finite(this.#view.getFloat32(this.#take(4)));
      case 0xcb:
        return finite(this.#view.getFloat64(this.#take(8)));
      case 0xcc: // unsigned, 8 to 32 bits
      case 0xd0: // signed, 8 to 32 bits
        return void this.#take(1);
      case 0xcd:
      case 0xd1:
        return void this.#take(2);
      case 0xce:
      case 0xd2:
        return void this.#take(4);
      case 0xcf:
        return safe(this.#view.getBigUint64(this.#take(8)));
      case 0xd3:
        return safe(this.#view.getBigInt64(this.#take(8)));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return void this.#text(this.#length(head - 0xd9));
      case 0xdc:
      case 0xdd:
        return this.#list(this.#length(head - 0xdb), depth);
      case 0xde:
      case 0xdf:
        return this.#map(this.#length(head - 0xdd), depth);
      default:
        throw new Fault('bad_message', `MessagePack type 0x${head.toString(16)} is not allowed`);
    }
  }

  #list(items: number, depth: number): void {
    this.#enter(items, depth);
    for (let i = 0; i < items; i++) this.value(depth + 1);
  }

  #map(entries: number, depth: number): void {
    this.#enter(entries * 2, depth);
    this.entries += entries;
    for (let i = 0; i < entries; i++) {
      this.#key();
      this.value(depth + 1);
    }
  }

  #enter(values: number, depth: number): void {
    if (depth >= this.#maxDepth) throw new Fault('bad_message', `nested deeper than ${this.#maxDepth}`);
    if (values > this.left) throw new Fault('bad_message', 'message ends too early'); // a value has a byte at least
  }

  #key(): void {
    const head = this.#bytes[this.#take(1)]!;
    const fixed = head >= 0xa0 && head < 0xc0;
    if (!fixed && (head < 0xd9 || head > 0xdb)) throw new Fault('bad_message', 'a key is not a text');
    const key = this.#text(fixed ? head & 31 : this.#length(head - 0xd9));
    if (key === '__proto__') throw new Fault('bad_message', 'the key __proto__ is not allowed');
  }

  #text(length: number): string {
    const start = this.#take(length);
    return utf8Read(this.#bytes.subarray(start, start + length));
  }

  /** A length of 1, 2 or 4 bytes. */
  #length(size: number): number {
    const start = this.#take(1 << size);
    if (size === 0) return this.#view.getUint8(start);
    return size === 1 ? this.#view.getUint16(start) : this.#view.getUint32(start);
  }

  #take(length: number): number {
    const start = this.#at;
    if (length > this.left) throw new Fault('bad_message', 'message ends too early');
    this.#at = start + length;
    return start;
  }
}

function finite(value: number): void {
  if (!Number.isFinite(value)) throw new Fault('bad_message', 'a number is not finite');
}

function safe(value: bigint): void {
  if (value > BigInt(Number.MAX_SAFE_INTEGER) || value < BigInt(Number.MIN_SAFE_INTEGER)) {
    throw new Fault('bad_message', 'a whole number is over 2^53 - 1');
  }
}

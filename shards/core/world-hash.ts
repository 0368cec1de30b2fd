/**
 * A 64-bit hash of whole numbers and texts, as two interleaved 32-bit streams: to compare states, not for
 * secrets. The mixing step is that of MurmurHash3. Source: A. Appleby, 2011 (public domain).
 */
export class WorldHash {
  #high = 0x9747b28c;
  #low = 0x3c6ef372;

  add(value: number): void {
    let k = Math.imul(value, 0xcc9e2d51);
    k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
    this.#high ^= k;
    this.#high = (Math.imul((this.#high << 13) | (this.#high >>> 19), 5) + 0xe6546b64) | 0;
    this.#low ^= Math.imul(value ^ this.#high, 0x85ebca6b);
    this.#low = (Math.imul((this.#low << 11) | (this.#low >>> 21), 5) + 0x38495ab5) | 0;
  }

  addBytes(bytes: Uint8Array): void {
    this.add(bytes.length);
    for (let i = 0; i < bytes.length; i++) this.add(bytes[i]!);
  }

  digest(): string {
    return hex(finish(this.#high ^ this.#low)) + hex(finish(this.#low));
  }
}

function finish(word: number): number {
  let h = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

function hex(word: number): string {
  return word.toString(16).padStart(8, '0');
}

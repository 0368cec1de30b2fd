/**
 * For tests: xxHash32 (Yann Collet; https://github.com/Cyan4973/xxHash, doc/xxhash_spec.md). Proven by the
 * specification's own values in forged.test.ts.
 */
const PRIME_1 = 0x9e3779b1;
const PRIME_2 = 0x85ebca77;
const PRIME_3 = 0xc2b2ae3d;
const PRIME_4 = 0x27d4eb2f;
const PRIME_5 = 0x165667b1;
const STRIPE_BYTES = 16;

export function xxh32(bytes: Uint8Array, seed: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  let hash = (seed + PRIME_5) | 0;
  if (bytes.length >= STRIPE_BYTES) {
    const lanes = [seed + PRIME_1 + PRIME_2, seed + PRIME_2, seed, seed - PRIME_1];
    for (; at + STRIPE_BYTES <= bytes.length; at += STRIPE_BYTES) {
      for (let i = 0; i < 4; i++) {
        const word = Math.imul(view.getUint32(at + 4 * i, true), PRIME_2);
        lanes[i] = Math.imul(rotated(lanes[i]! + word, 13), PRIME_1);
      }
    }
    hash = rotated(lanes[0]!, 1) + rotated(lanes[1]!, 7) + rotated(lanes[2]!, 12) + rotated(lanes[3]!, 18);
  }
  hash = (hash + bytes.length) | 0;
  for (; at + 4 <= bytes.length; at += 4)
    hash = Math.imul(rotated(hash + Math.imul(view.getUint32(at, true), PRIME_3), 17), PRIME_4);
  for (; at < bytes.length; at++)
    hash = Math.imul(rotated(hash + Math.imul(bytes[at]!, PRIME_5), 11), PRIME_1);
  hash = Math.imul(hash ^ (hash >>> 15), PRIME_2);
  hash = Math.imul(hash ^ (hash >>> 13), PRIME_3);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function rotated(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

/**
 * FNV-1a, 64 bits over the low bytes of UTF-16 units, as 16 hex digits: for shape and schema hashes that
 * guard against mistakes. Not for secrets or hostile input. Source: draft-eastlake-fnv.
 */
export function fnv1a64(text: string): string {
  // The prime is 2^40 + 0x1b3; the hash is held as two 32-bit halves, since BigInt is 50 times slower.
  let hi = 0xcbf29ce4;
  let lo = 0x84222325;
  for (let i = 0; i < text.length; i++) {
    lo = (lo ^ text.charCodeAt(i)) >>> 0;
    const low = (lo & 0xffff) * 0x1b3;
    const mid = (lo >>> 16) * 0x1b3 + (low >>> 16);
    hi = (Math.imul(hi, 0x1b3) + (mid >>> 16) + (lo << 8)) >>> 0;
    lo = ((mid << 16) | (low & 0xffff)) >>> 0;
  }
  return hi.toString(16).padStart(8, '0') + lo.toString(16).padStart(8, '0');
}

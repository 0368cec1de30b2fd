/**
 * Row, op and session ids: 48 bits of wall time and 80 bits of chance, as 22 URL-safe characters whose
 * order as text is their order in time (to the millisecond).
 */
import type { Env } from './env.ts';

/** In ASCII order, so that text order is numeric order; all are unreserved in URLs (RFC 3986). */
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~';
const PATTERN = /^[-0-9A-Z_a-z~]{1,64}$/;

export function newId(env: Env): string {
  const time = env.clock.now();
  const bytes = env.random.fill(new Uint8Array(10));
  // 8 characters of time (48 bits), then 14 of chance (80 bits and 4 zero bits).
  let id = '';
  const [high, low] = [Math.floor(time / 2 ** 24), time % 2 ** 24];
  for (let shift = 18; shift >= 0; shift -= 6) id += ALPHABET[(high >> shift) & 63];
  for (let shift = 18; shift >= 0; shift -= 6) id += ALPHABET[(low >> shift) & 63];
  let buffer = 0;
  let bits = 0;
  for (const byte of bytes) {
    buffer = (buffer << 8) | byte;
    bits += 8;
    while (bits >= 6) {
      bits -= 6;
      id += ALPHABET[(buffer >> bits) & 63];
    }
  }
  return id + ALPHABET[(buffer << (6 - bits)) & 63];
}

/** Ids may be minted by clients; any URL-safe text of 1 to 64 characters is one. */
export function isId(value: unknown): value is string {
  return typeof value === 'string' && PATTERN.test(value);
}

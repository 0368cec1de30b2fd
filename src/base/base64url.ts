/**
 * Bytes as text that is safe in JSON and URLs: RFC 4648 section 5, without padding. Strict: each run of bytes
 * has exactly one text, so texts are equal when the bytes are. Platform-free rooms have neither atob nor Buffer.
 */
import { Fault } from './fault.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const VALUES: ReadonlyMap<string, number> = new Map([...ALPHABET].map((char, value) => [char, value]));

export function encodeBase64Url(bytes: Uint8Array): string {
  let text = '';
  let buffer = 0;
  let bits = 0;
  for (const byte of bytes) {
    buffer = ((buffer << 8) | byte) & 0xffff;
    bits += 8;
    while (bits >= 6) {
      bits -= 6;
      text += ALPHABET[(buffer >> bits) & 63];
    }
  }
  return bits === 0 ? text : text + ALPHABET[(buffer << (6 - bits)) & 63];
}

/** Throws Fault `invalid` unless `text` is what encodeBase64Url makes. */
export function decodeBase64Url(text: string): Uint8Array {
  const bytes = new Uint8Array(base64UrlBytes(text) ?? refuse());
  let buffer = 0;
  let bits = 0;
  let at = 0;
  for (let i = 0; i < text.length; i++) {
    buffer = ((buffer << 6) | (VALUES.get(text[i]!) ?? refuse())) & 0xffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes[at++] = (buffer >> bits) & 255;
  }
  if ((buffer & ((1 << bits) - 1)) !== 0) refuse(); // the bits left over are zero in the one true text
  return bytes;
}

/** How many bytes a text of that length stands for; undefined when no text is that long. */
export function base64UrlBytes(text: string): number | undefined {
  return text.length % 4 === 1 ? undefined : Math.floor((text.length * 3) / 4);
}

export function isBase64Url(text: string): boolean {
  if (base64UrlBytes(text) === undefined) return false;
  const last = text.length === 0 ? 0 : VALUES.get(text.at(-1)!);
  const spare = text.length % 4 === 2 ? 15 : text.length % 4 === 3 ? 3 : 0;
  return last !== undefined && (last & spare) === 0 && /^[A-Za-z0-9_-]*$/.test(text);
}

/** The order of the bytes that two texts stand for: byte by byte, and what is longer comes later. */
export function compareBase64Url(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    if (a[i] !== b[i]) return (VALUES.get(a[i]!) ?? -1) - (VALUES.get(b[i]!) ?? -1);
  }
  return a.length - b.length;
}

function refuse(): never {
  throw new Fault('invalid', 'not base64url without padding');
}

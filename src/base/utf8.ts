/** UTF-8 without TextEncoder, which the platform-free rooms do not have. Strict: RFC 3629. */
import { Fault } from './fault.ts';

/** Bytes that `text` takes in UTF-8. A lone surrogate counts as U+FFFD (3 bytes). */
export function utf8Length(text: string): number {
  let length = 0;
  for (const char of text) {
    const code = char.codePointAt(0)!;
    length += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return length;
}

/** Writes `text` at `offset` and returns the offset behind it. The target must have room. */
export function utf8Write(text: string, target: Uint8Array, offset: number): number {
  let at = offset;
  for (const char of text) {
    let code = char.codePointAt(0)!;
    if (code >= 0xd800 && code <= 0xdfff) code = 0xfffd;
    if (code < 0x80) {
      target[at++] = code;
    } else if (code < 0x800) {
      target[at++] = 0xc0 | (code >> 6);
      target[at++] = 0x80 | (code & 63);
    } else if (code < 0x10000) {
      target[at++] = 0xe0 | (code >> 12);
      target[at++] = 0x80 | ((code >> 6) & 63);
      target[at++] = 0x80 | (code & 63);
    } else {
      target[at++] = 0xf0 | (code >> 18);
      target[at++] = 0x80 | ((code >> 12) & 63);
      target[at++] = 0x80 | ((code >> 6) & 63);
      target[at++] = 0x80 | (code & 63);
    }
  }
  return at;
}

/** Decodes all of `bytes`. Throws Fault `bad_message` on overlong forms, surrogates and truncation. */
export function utf8Read(bytes: Uint8Array): string {
  let text = '';
  let at = 0;
  while (at < bytes.length) {
    const first = bytes[at++]!;
    if (first < 0x80) {
      text += String.fromCharCode(first);
      continue;
    }
    const extra =
      first >= 0xc2 && first < 0xe0
        ? 1
        : first >= 0xe0 && first < 0xf0
          ? 2
          : first >= 0xf0 && first < 0xf5
            ? 3
            : 0;
    if (extra === 0 || at + extra > bytes.length) throw new Fault('bad_message', 'invalid UTF-8');
    let code = first & (0x3f >> extra);
    for (let i = 0; i < extra; i++) {
      const next = bytes[at++]!;
      if ((next & 0xc0) !== 0x80) throw new Fault('bad_message', 'invalid UTF-8');
      code = (code << 6) | (next & 63);
    }
    const overlong = (extra === 2 && code < 0x800) || (extra === 3 && code < 0x10000);
    if (overlong || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
      throw new Fault('bad_message', 'invalid UTF-8');
    }
    text += String.fromCodePoint(code);
  }
  return text;
}

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { utf8Length, utf8Read, utf8Write } from './utf8.ts';

const platform = {
  encoder: new TextEncoder(),
  decoder: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }),
};

function encode(text: string): Uint8Array {
  const bytes = new Uint8Array(utf8Length(text));
  expect(utf8Write(text, bytes, 0)).toBe(bytes.length);
  return bytes;
}

const outcome = (run: () => string): string | undefined => {
  try {
    return run();
  } catch {
    return undefined;
  }
};

test.each(['', 'a', 'ß', '€', '𝄞', 'a€𝄞ß', '\u0000', '\ufeffbom'])(
  '%j is encoded as the platform does',
  (text) => {
    expect(encode(text)).toEqual(platform.encoder.encode(text));
    expect(utf8Read(encode(text))).toBe(text);
  },
);

test('any text, lone surrogates included, is encoded as the platform does', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((c) => String.fromCharCode(c)) }),
      (text) => {
        expect(encode(text)).toEqual(platform.encoder.encode(text));
      },
    ),
  );
});

test('[N1] any bytes are accepted or refused as the platform does', () => {
  const parts = fc.oneof(
    fc.uint8Array({ maxLength: 6 }),
    fc.string({ unit: 'binary', maxLength: 4 }).map((text) => platform.encoder.encode(text)),
  );
  fc.assert(
    fc.property(fc.array(parts, { maxLength: 4 }), (list) => {
      const bytes = new Uint8Array(list.flatMap((part) => [...part]));
      expect(outcome(() => utf8Read(bytes))).toBe(outcome(() => platform.decoder.decode(bytes)));
    }),
    { numRuns: 1000 },
  );
});

test.each([
  ['an overlong NUL', [0xc0, 0x80]],
  ['an overlong slash', [0xe0, 0x80, 0xaf]],
  ['a surrogate', [0xed, 0xa0, 0x80]],
  ['more than U+10FFFF', [0xf4, 0x90, 0x80, 0x80]],
  ['a lone continuation', [0x80]],
  ['cut short', [0xe2, 0x82]],
  ['a start inside a character', [0xe2, 0x28, 0xa1]],
  ['0xff', [0xff]],
])('[N1] %s is refused', (_, bytes) => {
  expect(() => utf8Read(new Uint8Array(bytes))).toThrow(expect.objectContaining({ code: 'bad_message' }));
});

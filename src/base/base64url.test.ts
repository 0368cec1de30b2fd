import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareBase64Url, decodeBase64Url, encodeBase64Url, isBase64Url } from './base64url.ts';

const bytes = fc.uint8Array({ maxLength: 40 });

test('bytes come back from their text, which is that of Node', () => {
  fc.assert(
    fc.property(bytes, (value) => {
      const text = encodeBase64Url(value);
      expect(text).toBe(Buffer.from(value).toString('base64url'));
      expect(isBase64Url(text)).toBe(true);
      expect([...decodeBase64Url(text)]).toEqual([...value]);
    }),
  );
});

test('[Q3] texts are ordered as their bytes are', () => {
  const similar = fc.array(fc.constantFrom(0, 1, 15, 16, 251, 255), { maxLength: 5 });
  fc.assert(
    fc.property(similar, similar, (a, b) => {
      const [textA, textB] = [a, b].map((value) => encodeBase64Url(Uint8Array.from(value)));
      expect(Math.sign(compareBase64Url(textA!, textB!))).toBe(
        Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b))),
      );
    }),
  );
});

test.each(['A', 'AB', 'AAB', 'AA==', 'A+', 'A/', 'A A', 'AAAAA', 'Aé'])('%o is no such text', (text) => {
  expect(isBase64Url(text)).toBe(false);
  expect(() => decodeBase64Url(text)).toThrow('not base64url');
});

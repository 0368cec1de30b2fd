import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fnv1a64 } from './hash.ts';

test.each([
  ['', 'cbf29ce484222325'],
  ['a', 'af63dc4c8601ec8c'],
  ['foobar', '85944171f73967e8'],
])('the vectors of the draft: %j', (text, hash) => {
  expect(fnv1a64(text)).toBe(hash);
});

test('16 hex digits, and another hash for another text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
      expect(fnv1a64(a)).toMatch(/^[0-9a-f]{16}$/);
      expect(fnv1a64(a) === fnv1a64(b)).toBe(a === b);
    }),
  );
});

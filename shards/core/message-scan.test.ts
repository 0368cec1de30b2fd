import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isFault } from '../../src/base/fault.ts';
import { scanMessage } from './message-scan.ts';

const limits = { maxBytes: 64, maxDepth: 3 };
const scan = (hex: string) => scanMessage(Uint8Array.from(Buffer.from(hex, 'hex')), limits);

test('counts the entries of all maps', () => {
  expect(scan('c0')).toBe(0);
  expect(scan('82a161' + '01' + 'a162' + '81a163' + 'c3')).toBe(3);
});

test('[N1] each kind of bad bytes is refused for its own reason', () => {
  expect(() => scan('')).toThrow('too early');
  expect(() => scan('c0c0')).toThrow('1 bytes too many');
  expect(() => scan('92c0')).toThrow('too early');
  expect(() => scan('a361')).toThrow('too early');
  expect(() => scan('c1')).toThrow('0xc1');
  expect(() => scan('c40100')).toThrow('0xc4');
  expect(() => scan('d40100')).toThrow('0xd4');
  expect(() => scan('8101c0')).toThrow('key is not a text');
  expect(() => scan(`81a9${Buffer.from('__proto__').toString('hex')}c0`)).toThrow('__proto__');
  expect(() => scan('cb7ff0000000000000')).toThrow('not finite');
  expect(() => scan('ca7fc00000')).toThrow('not finite');
  expect(() => scan('cfffffffffffffffff')).toThrow('2^53');
  expect(() => scan('a2c328')).toThrow('UTF-8');
  expect(() => scan('dd7fffffff')).toThrow('too early');
  expect(() => scan('df7fffffff')).toThrow('too early');
});

test('[N3] size and depth are limited, to the byte and to the level', () => {
  const text = (length: number) => `d9${length.toString(16).padStart(2, '0')}${'61'.repeat(length)}`;
  expect(scan(text(62))).toBe(0);
  expect(() => scan(text(63))).toThrow(expect.toSatisfy((error) => isFault(error, 'too_large')));
  expect(scan('91919100'.replace('00', 'c0'))).toBe(0);
  expect(() => scan('91919191c0')).toThrow('deeper than 3');
});

test('[N1] random bytes end in a count or a Fault', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      try {
        expect(scanMessage(bytes, limits)).toBeGreaterThanOrEqual(0);
      } catch (error) {
        expect(isFault(error)).toBe(true);
      }
    }),
    { numRuns: 2000 },
  );
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BitReader, BitWriter } from '../../src/base/bits.ts';
import { readReference, writeReference } from './chunk-bits.ts';

const anyId = fc.oneof(fc.nat(60), fc.nat(2 ** 31 - 1), fc.constantFrom(0, 2 ** 31 - 1));
const own = anyId.map((id) => Math.max(1, id));

function bitsOf(id: number, from: number): BitWriter {
  const bits = new BitWriter();
  writeReference(bits, id, from);
  return bits;
}

test('[T2] a reference is read as it was written, whoever refers to whom', () => {
  fc.assert(
    fc.property(anyId, own, (id, from) => {
      expect(readReference(new BitReader(bitsOf(id, from).finish()), from)).toBe(id);
    }),
  );
});

test('no reference is one bit, one to a neighbour eight, one to somebody long ago some more', () => {
  expect(
    [bitsOf(0, 90_000), bitsOf(90_020, 90_000), bitsOf(89_100, 90_000), bitsOf(7, 90_000)].map(
      (bits) => bits.bitLength,
    ),
  ).toEqual([1, 8, 14, 26]);
});

test('[N1] what is no id, or is said in another way, is refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 8 }), own, (bytes, from) => {
      const reader = new BitReader(bytes);
      let id: number;
      try {
        id = readReference(reader, from);
      } catch (error) {
        expect(error).toHaveProperty('code', 'bad_message');
        return;
      }
      expect(id).toBeGreaterThanOrEqual(0);
      expect(bitsOf(id, from).bitLength).toBe(bytes.length * 8 - reader.left);
    }),
    { numRuns: 1000 },
  );
});

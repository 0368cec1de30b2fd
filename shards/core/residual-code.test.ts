import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BitReader, BitWriter } from '../../src/base/bits.ts';
import { MAX_CLASS_BITS, RESIDUAL_CODES, ResidualCode } from './residual-code.ts';
import { CLASSES, RESIDUAL_TABLES } from './residual-tables.ts';

const edges = [0, 1, -1, 2, -2, 3, -3, 2 ** 30, -(2 ** 30), 2 ** 31 - 1, -(2 ** 31), -(2 ** 31) + 1];
const residual = fc.oneof(
  fc.constantFrom(...edges),
  fc.integer({ min: -300, max: 300 }),
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
);

test.each(Object.entries(RESIDUAL_CODES))(
  '[T2] residuals come out as they went in, by the code %s',
  (_, code) => {
    fc.assert(
      fc.property(fc.array(residual), (list) => {
        const bits = new BitWriter();
        let size = 0;
        for (const value of [...edges, ...list]) {
          code.write(bits, value);
          size += code.sizeOf(value);
        }
        expect(bits.bitLength).toBe(size);
        const reader = new BitReader(bits.finish());
        for (const value of [...edges, ...list]) expect(code.read(reader)).toBe(value);
        reader.end();
      }),
    );
  },
);

test.each(Object.entries(RESIDUAL_TABLES))(
  'every class has a code in %s, and no code is left over',
  (_, lengths) => {
    expect(lengths.length).toBe(CLASSES);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(MAX_CLASS_BITS);
    expect(lengths.reduce((sum, length) => sum + 2 ** -length, 0)).toBe(1);
  },
);

test('codes are canonical: shorter ones first, equal ones by class, the first bit first', () => {
  const lengths = [2, 1, 3, ...new Array<number>(CLASSES - 3).fill(8)];
  const code = new ResidualCode(lengths);
  const bitsOf = (value: number) => {
    const bits = new BitWriter();
    code.write(bits, value);
    return Array.from({ length: bits.bitLength }, (_, i) => (bits.finish()[i >> 3]! >> (i & 7)) & 1).join('');
  };
  // Class 1 is '0', class 0 '10', class 2 '110', class 3 '11100000'.
  expect([1, -1, 0, 2, -3, 4, -7].map(bitsOf)).toEqual([
    '00',
    '01',
    '10',
    '11000',
    '11011',
    '11100000000',
    '11100000111',
  ]);
});

test('[N1] bits that are no code of a class are refused', () => {
  const code = new ResidualCode([1, 2, ...new Array<number>(CLASSES - 2).fill(8)]);
  expect(() => code.read(new BitReader(Uint8Array.of(0xff, 0xff)))).toThrow('unknown class');
  expect(() => code.read(new BitReader(Uint8Array.of()))).toThrow('bits end too early');
});

test('lengths that leave no room for all codes are a mistake', () => {
  expect(() => new ResidualCode(new Array<number>(CLASSES).fill(5))).toThrow('more codes');
  expect(() => new ResidualCode([1, 1])).toThrow('classes');
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BitReader, BitWriter } from './bits.ts';

const bad = expect.objectContaining({ code: 'bad_message' });

/** Widths and values that fit them. */
const fields = fc.array(
  fc
    .integer({ min: 1, max: 32 })
    .chain((width) =>
      fc.record({ width: fc.constant(width), value: fc.integer({ min: 0, max: 2 ** width - 1 }) }),
    ),
  { maxLength: 200 },
);

test('fields lie least significant bit first, one after the other', () => {
  const writer = new BitWriter();
  writer.write(0b101, 3);
  writer.write(0b1111_0000, 8);
  writer.bool(true);
  expect(writer.bitLength).toBe(12);
  expect([...writer.finish()]).toEqual([0b1000_0101, 0b0000_1111]);
});

test('what was written is read back, and the padding is zero', () => {
  fc.assert(
    fc.property(fields, (list) => {
      const writer = new BitWriter(0);
      for (const { value, width } of list) writer.write(value, width);
      const bytes = writer.finish();
      expect(bytes.length).toBe(Math.ceil(writer.bitLength / 8));
      const reader = new BitReader(bytes);
      for (const { value, width } of list) expect(reader.read(width)).toBe(value);
      reader.end();
    }),
  );
});

test('32 bits are unsigned at any offset', () => {
  for (let offset = 1; offset <= 8; offset++) {
    const writer = new BitWriter();
    writer.write(0, offset);
    writer.write(0xffff_ffff, 32);
    const reader = new BitReader(writer.finish());
    reader.read(offset);
    expect(reader.read(32)).toBe(0xffff_ffff);
  }
});

test('a reader begins anew with other bytes, from any of them on', () => {
  const reader = new BitReader(Uint8Array.of(0xff));
  reader.read(3);
  reader.over(Uint8Array.of(0xff, 0b1010_0101, 0x01), 1);
  expect([reader.left, reader.read(4), reader.read(12)]).toEqual([16, 0b0101, 0b0000_0001_1010]);
  expect(() => reader.read(1)).toThrow(bad);
});

test('slices of bits are appended as they are, wherever they begin and end', () => {
  const bits = fc.array(fc.boolean(), { maxLength: 60 });
  fc.assert(
    fc.property(bits, bits, fc.nat(60), fc.nat(60), (before, source, from, length) => {
      const first = Math.min(from, source.length);
      const count = Math.min(length, source.length - first);
      const other = new BitWriter(1);
      for (const bit of source) other.bool(bit);
      other.write(0xff, 8);
      const writer = new BitWriter(1);
      const expected = new BitWriter(1);
      for (const bit of before) for (const each of [writer, expected]) each.bool(bit);
      writer.appendSlice(other.bytes, first, count);
      for (const bit of source.slice(first, first + count)) expected.bool(bit);
      expect(writer.finish()).toEqual(expected.finish());
      for (const each of [writer, expected]) each.write(5, 3);
      expect(writer.finish()).toEqual(expected.finish());
    }),
  );
});

test('a cleared writer begins anew, and finish was a copy', () => {
  const writer = new BitWriter();
  writer.write(0xff, 8);
  const first = writer.finish();
  writer.clear();
  writer.write(0, 4);
  expect([...writer.finish()]).toEqual([0]);
  expect([...first]).toEqual([0xff]);
});

test('[N1] a read past the end throws and takes nothing', () => {
  const reader = new BitReader(new Uint8Array([0xff]));
  expect(() => reader.read(9)).toThrow(bad);
  expect(reader.read(8)).toBe(0xff);
  expect(() => reader.bool()).toThrow(bad);
});

test('[N1] set padding and whole bytes left over are refused', () => {
  const padded = new BitReader(new Uint8Array([0b0000_1000]));
  padded.read(3);
  expect(() => padded.end()).toThrow(bad);
  const long = new BitReader(new Uint8Array([0, 0]));
  long.read(8);
  expect(() => long.end()).toThrow(bad);
});

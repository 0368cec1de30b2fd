import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BitReader } from './bits.ts';
import { Reader, Writer } from './bytes.ts';
import { isFault } from './fault.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const unhex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));
const written = (write: (w: Writer) => void) => {
  const writer = new Writer(1);
  write(writer);
  return writer.finish();
};
const faultOf = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    return isFault(error) ? error.code : error;
  }
  return 'no error';
};

describe('fixed widths', () => {
  test('are little-endian', () => {
    const bytes = written((w) => w.u8(1).u16(0x0203).u32(0x04050607).u64(0x08090a0b0c0d0e0fn).f64(1));
    expect(hex(bytes)).toBe('01' + '0302' + '07060504' + '0f0e0d0c0b0a0908' + '000000000000f03f');
    const reader = new Reader(bytes);
    expect([reader.u8(), reader.u16(), reader.u32(), reader.u64(), reader.f64()]).toEqual([
      1,
      0x0203,
      0x04050607,
      0x08090a0b0c0d0e0fn,
      1,
    ]);
    reader.end();
  });

  test('read from a view that does not begin at its buffer', () => {
    const reader = new Reader(new Uint8Array([9, 9, 1, 2, 3, 4]).subarray(2));
    expect(reader.u32()).toBe(0x04030201);
  });
});

describe('varuint', () => {
  test.each([
    [0, '00'],
    [1, '01'],
    [127, '7f'],
    [128, '8001'],
    [300, 'ac02'],
    [16_383, 'ff7f'],
    [16_384, '808001'],
    [2 ** 32, '8080808010'],
    [Number.MAX_SAFE_INTEGER, 'ffffffffffffff0f'],
  ])('%i is %s', (value, text) => {
    expect(hex(written((w) => w.varuint(value)))).toBe(text);
    expect(new Reader(unhex(text)).varuint()).toBe(value);
  });

  test.each([
    ['2^53', '8080808080808010'],
    ['nine bytes', '808080808080808001'],
    ['endless', 'ffffffffffffffffffffffff'],
    ['a longer form of 0', '8000'],
    ['a longer form of 127', 'ff00'],
    ['cut short', '80'],
    ['nothing', ''],
  ])('[N1] %s is refused', (_, text) => {
    expect(faultOf(() => new Reader(unhex(text)).varuint())).toBe('bad_message');
  });

  test.each([-1, 1.5, Number.NaN, 2 ** 53])('writing %d is a bug', (value) => {
    expect(() => new Writer().varuint(value)).toThrow(RangeError);
  });
});

describe('varint', () => {
  test.each([
    [0, '00'],
    [-1, '01'],
    [1, '02'],
    [-64, '7f'],
    [64, '8001'],
    [2 ** 52 - 1, 'feffffffffffff0f'],
    [-(2 ** 52), 'ffffffffffffff0f'],
  ])('%i is %s', (value, text) => {
    expect(hex(written((w) => w.varint(value)))).toBe(text);
    expect(new Reader(unhex(text)).varint()).toBe(value);
  });
});

describe('lengths', () => {
  test('[N1] are checked before anything is taken', () => {
    expect(faultOf(() => new Reader(unhex('05aabb')).blob(100))).toBe('bad_message');
    expect(faultOf(() => new Reader(unhex('ffffffffffffff0f')).blob(Number.MAX_SAFE_INTEGER))).toBe(
      'bad_message',
    );
    expect(faultOf(() => new Reader(unhex('03aabbcc')).blob(2))).toBe('too_large');
    expect(faultOf(() => new Reader(unhex('03aabbcc')).string(2))).toBe('too_large');
    expect(faultOf(() => new Reader(new Uint8Array(3)).bytes(4))).toBe('bad_message');
    expect(faultOf(() => new Reader(new Uint8Array(7)).f64())).toBe('bad_message');
  });

  test('[N1] a read that failed took nothing', () => {
    const reader = new Reader(unhex('0102'));
    expect(faultOf(() => reader.u32())).toBe('bad_message');
    expect(reader.left).toBe(2);
    expect(reader.u16()).toBe(0x0201);
  });

  test('[N1] end refuses bytes that nobody read', () => {
    const reader = new Reader(unhex('0102'));
    reader.u8();
    expect(faultOf(() => reader.end())).toBe('bad_message');
  });
});

test('a reader begins anew with other bytes, and hands on what is left', () => {
  const reader = new Reader(unhex('0102'));
  expect(reader.u16()).toBe(0x0201);
  reader.over(unhex('0504ff7f'));
  expect(reader.u16()).toBe(0x0405);
  const bits = new BitReader(new Uint8Array(0));
  reader.restBy(bits);
  reader.end();
  expect([bits.left, bits.read(9)]).toEqual([16, 0x1ff]);
});

test('finish copies: what the writer does later does not show', () => {
  const writer = new Writer();
  const first = writer.u8(1).finish();
  const second = writer.clear().u8(2).finish();
  expect([first[0], second[0]]).toEqual([1, 2]);
  expect(writer.length).toBe(1);
});

type Field =
  | { kind: 'u8' | 'u16' | 'u32' | 'varuint' | 'varint' | 'f64'; value: number }
  | { kind: 'string'; value: string }
  | { kind: 'blob'; value: Uint8Array };

const field: fc.Arbitrary<Field> = fc.oneof(
  fc.record({ kind: fc.constant('u8' as const), value: fc.integer({ min: 0, max: 255 }) }),
  fc.record({ kind: fc.constant('u16' as const), value: fc.integer({ min: 0, max: 0xffff }) }),
  fc.record({ kind: fc.constant('u32' as const), value: fc.integer({ min: 0, max: 0xffff_ffff }) }),
  fc.record({ kind: fc.constant('varuint' as const), value: fc.maxSafeNat() }),
  fc.record({
    kind: fc.constant('varint' as const),
    value: fc.integer({ min: -(2 ** 52), max: 2 ** 52 - 1 }),
  }),
  fc.record({ kind: fc.constant('f64' as const), value: fc.double() }),
  fc.record({ kind: fc.constant('string' as const), value: fc.string({ unit: 'grapheme' }) }),
  fc.record({ kind: fc.constant('blob' as const), value: fc.uint8Array() }),
);

function write(writer: Writer, { kind, value }: Field): void {
  if (kind === 'string') writer.string(value);
  else if (kind === 'blob') writer.blob(value);
  else writer[kind](value);
}

function writeAll(fields: readonly Field[]): Uint8Array {
  return written((w) => {
    for (const one of fields) write(w, one);
  });
}

const readAll = (reader: Reader, fields: readonly Field[]) => fields.map(({ kind }) => read(reader, kind));

const read = (reader: Reader, kind: Field['kind']): unknown =>
  kind === 'string' || kind === 'blob' ? reader[kind](1 << 20) : reader[kind]();

test('what was written is read back, field by field', () => {
  fc.assert(
    fc.property(fc.array(field), (fields) => {
      const reader = new Reader(writeAll(fields));
      expect(readAll(reader, fields)).toEqual(fields.map(({ value }) => value));
      reader.end();
    }),
  );
});

test('[N1] cut anywhere, a message ends in a typed fault', () => {
  fc.assert(
    fc.property(fc.array(field, { minLength: 1 }), fc.nat(), (fields, cut) => {
      const bytes = writeAll(fields);
      const reader = new Reader(bytes.subarray(0, cut % bytes.length));
      expect(faultOf(() => readAll(reader, fields))).toBe('bad_message');
    }),
  );
});

test('[N1] any bytes read as any fields end in values or a typed fault', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.array(field), (bytes, fields) => {
      const reader = new Reader(bytes);
      const outcome = faultOf(() => readAll(reader, fields));
      expect(['no error', 'bad_message', 'too_large']).toContain(outcome);
    }),
  );
});

test('a number has one form: bytes that read as a varuint are what it writes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 9 }), (bytes) => {
      const reader = new Reader(bytes);
      let value: number;
      try {
        value = reader.varuint();
      } catch {
        return;
      }
      expect(hex(written((w) => w.varuint(value)))).toBe(hex(bytes.subarray(0, bytes.length - reader.left)));
    }),
  );
});

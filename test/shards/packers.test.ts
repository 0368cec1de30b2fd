import fc from 'fast-check';
import { expect, test } from 'vitest';
import { browserPacker } from '../../shards/client/browser-packer.ts';
import { MessageCodec } from '../../shards/core/message-codec.ts';
import { nodePacker } from '../../shards/server/node-packer.ts';
import { isFault } from '../../src/base/fault.ts';
import type { Json } from '../../src/base/json.ts';

const limits = { maxBytes: 1 << 16, maxDepth: 16 };
const node = new MessageCodec(nodePacker(), limits);
const browser = new MessageCodec(browserPacker(), limits);
const directions = [
  ['node to browser', node, browser],
  ['browser to node', browser, node],
] as const;

const VALUES: Json[] = [
  null,
  true,
  false,
  0,
  1,
  127,
  128,
  255,
  256,
  65_535,
  65_536,
  2 ** 31,
  2 ** 32,
  2 ** 53 - 1,
  -1,
  -32,
  -33,
  -129,
  -32_769,
  -(2 ** 31),
  -(2 ** 53 - 1),
  0.1,
  -1e300,
  '',
  'x'.repeat(31),
  'x'.repeat(32),
  'x'.repeat(300),
  'grüße 🌍',
  [],
  new Array(15).fill(1),
  new Array(16).fill(1),
  new Array(5000).fill(0),
  {},
  { a: { b: [{ c: null }] } },
  Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`key${i}`, i])),
];

test.each(directions)('%s: each kind of value arrives as it was', (_, from, to) => {
  for (const value of VALUES) expect(to.decode(from.encode(value))).toEqual(value);
});

// -0 is sent as 0 by one of the libraries; nothing else of JSON is lost.
const json = fc
  .jsonValue({ maxDepth: 5, noUnicodeString: false })
  .map((value) => JSON.parse(JSON.stringify(value)) as Json);

test.each(directions)('%s: any value arrives as it was', (_, from, to) => {
  fc.assert(
    fc.property(json, (value) => {
      fc.pre(!JSON.stringify(value).includes('"__proto__"'));
      expect(to.decode(from.encode(value))).toEqual(value);
    }),
    { numRuns: 500 },
  );
});

test('[N1] both accept the same bytes, give the same value, and refuse the rest with a Fault', () => {
  const tried = (codec: MessageCodec, bytes: Uint8Array) => {
    try {
      return { value: codec.decode(bytes) };
    } catch (error) {
      if (!isFault(error)) throw error;
      return { code: error.code, message: error.message };
    }
  };
  fc.assert(
    fc.property(
      json,
      fc.array(fc.nat(), { minLength: 1, maxLength: 3 }),
      fc.boolean(),
      (value, where, cut) => {
        fc.pre(!JSON.stringify(value).includes('"__proto__"'));
        let bytes = Uint8Array.from(node.encode(value));
        if (cut) bytes = bytes.subarray(0, where[0]! % bytes.length);
        else for (const bit of where) bytes[(bit >> 3) % bytes.length]! ^= 1 << (bit & 7);
        expect(tried(browser, bytes)).toEqual(tried(node, bytes));
      },
    ),
    { numRuns: 2000 },
  );
});

test.each([
  ['node', node],
  ['browser', browser],
])('[N1] %s refuses a key that is there twice, trailing bytes, and what is not JSON', (_, codec) => {
  expect(() => codec.decode(Uint8Array.from(Buffer.from('82a16101a16102', 'hex')))).toThrow('twice');
  expect(() => codec.decode(Uint8Array.of(0xc0, 0xc0))).toThrow('too many');
  for (const value of [undefined, Number.NaN, () => {}, { a: undefined }, new Map(), 1n, new Date(0)]) {
    expect(() => codec.encode(value)).toThrow(expect.toSatisfy((error) => isFault(error, 'invalid')));
  }
});

test.each([
  ['node', nodePacker()],
  ['browser', browserPacker()],
])('[N3] %s keeps to the limits when it encodes', (_, packer) => {
  const codec = new MessageCodec(packer, { maxBytes: 10, maxDepth: 2 });
  expect(codec.encode('123456789').length).toBe(10);
  expect(() => codec.encode('1234567890')).toThrow(expect.toSatisfy((error) => isFault(error, 'too_large')));
  expect(codec.decode(codec.encode([[1]]))).toEqual([[1]]);
  expect(() => codec.encode([[[1]]])).toThrow('deeper');
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isFault } from './fault.ts';
import { canonicalJson, type Json, jsonEquals, parseJson } from './json.ts';

const LIMITS = { maxChars: 10_000, maxDepth: 5 };

function codeOf(text: string): string {
  try {
    parseJson(text, LIMITS);
    return 'ok';
  } catch (error) {
    return isFault(error) ? error.code : String(error);
  }
}

describe('parseJson', () => {
  test.each([
    ['nothing', '', 'bad_message'],
    ['no JSON', '{"a":1', 'bad_message'],
    ['two values', '1 2', 'bad_message'],
    ['too long', `"${'x'.repeat(10_000)}"`, 'too_large'],
    ['at the limit of depth', '[[[[[]]]]]', 'ok'],
    ['too deep', '[[[[[[]]]]]]', 'bad_message'],
    ['too deep with objects', '{"a":{"a":{"a":{"a":{"a":{}}}}}}', 'bad_message'],
    ['very deep', '['.repeat(9_000), 'bad_message'],
    ['brackets inside strings are no depth', JSON.stringify('[[[[[[[["\\{{{{'), 'ok'],
    ['colons inside strings are no keys', JSON.stringify({ 'a:b': ':::', c: '\\":' }), 'ok'],
    ['__proto__', '{"__proto__":{"admin":true}}', 'bad_message'],
    ['__proto__ further in', '[{"a":{"__proto__":1}}]', 'bad_message'],
    ['__proto__ in escapes', '{"\\u005f_proto__":1}', 'bad_message'],
    ['__proto__ as a value', '"__proto__"', 'ok'],
    ['constructor is only a name', '{"constructor":1,"prototype":2}', 'ok'],
    ['a key twice', '{"a":1,"a":2}', 'bad_message'],
    ['a key twice with the same value', '{"a":1,"a":1}', 'bad_message'],
    ['a key twice, further in', '[{"b":{"a":1,"a":[]}}]', 'bad_message'],
    ['a key twice, once in escapes', '{"a":1,"\\u0061":2}', 'bad_message'],
    ['the empty key twice', '{"":1,"":2}', 'bad_message'],
    ['a key in two objects', '[{"a":1},{"a":1}]', 'ok'],
  ])('[N1] %s', (_, text, code) => {
    expect(codeOf(text)).toBe(code);
  });

  test('what JSON.stringify writes is read back', () => {
    const limits = { maxChars: 1_000_000, maxDepth: 1_000 };
    fc.assert(
      fc.property(fc.json({ stringUnit: 'binary' }), (text) => {
        fc.pre(!text.includes('__proto__'));
        expect(parseJson(text, limits)).toEqual(JSON.parse(text));
      }),
    );
  });

  test('[N1] any text ends in a value or a typed fault', () => {
    const unit = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      '"',
      ':',
      ',',
      '\\',
      'a',
      '1',
      ' ',
      'null',
      '"a":',
      '__proto__',
    );
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 30 }), (text) => {
        expect(['ok', 'bad_message', 'too_large']).toContain(codeOf(text));
      }),
      { numRuns: 2_000 },
    );
  });
});

const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as Json);

/** The same value with its keys in another order. */
function reordered(value: Json): Json {
  if (Array.isArray(value)) return value.map(reordered);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, item]): [string, Json] => [key, reordered(item)])
      .reverse(),
  );
}

test('equality and the canonical text do not see the order of keys', () => {
  fc.assert(
    fc.property(json, (value) => {
      expect(jsonEquals(value, reordered(value))).toBe(true);
      expect(canonicalJson(reordered(value))).toBe(canonicalJson(value));
      expect(JSON.parse(canonicalJson(value))).toEqual(value);
    }),
  );
});

test('two values are equal exactly when their canonical texts are', () => {
  fc.assert(
    fc.property(json, json, (a, b) => {
      expect(jsonEquals(a, b)).toBe(canonicalJson(a) === canonicalJson(b));
    }),
  );
});

test.each<[Json | undefined, Json | undefined]>([
  [{ a: 1 }, { b: 1 }],
  [{ a: null }, {}],
  [[], {}],
  [null, {}],
  [undefined, null],
  [[1], [1, 2]],
  ['1', 1],
])('%j is not %j', (a, b) => {
  expect(jsonEquals(a, b)).toBe(false);
  expect(jsonEquals(b, a)).toBe(false);
});

import fc from 'fast-check';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { Fault, isFault } from './fault.ts';
import { canonicalJson } from './json.ts';
import { type Infer, isJson, parseShape, type Shape, s, tagged } from './shape.ts';

const messageOf = (shape: Shape<unknown>, value: unknown): string => {
  try {
    parseShape(shape, value, 'args');
  } catch (error) {
    if (isFault(error, 'invalid')) return error.message;
    throw error;
  }
  return 'ok';
};

const user = s.object({
  name: s.string(5),
  age: s.optional(s.int(0, 150)),
  tags: s.array(s.oneOf('a', 'b'), 2),
  boss: s.nullable(s.object({ name: s.string() })),
});

test('the type follows the shape', () => {
  expectTypeOf<Infer<typeof user>>().toEqualTypeOf<{
    name: string;
    age?: number;
    tags: ('a' | 'b')[];
    boss: { name: string } | null;
  }>();
  const message = tagged({ on: s.object({ id: s.int() }), off: s.object({}) });
  expectTypeOf<Infer<typeof message>>().toMatchTypeOf<{ t: 'on'; id: number } | { t: 'off' }>();
});

describe('a value that fits', () => {
  test('is returned, without keys that are absent', () => {
    const value = { name: 'Ada', tags: ['a'], boss: null };
    expect(parseShape(user, value, 'args')).toEqual(value);
    expect(Object.keys(parseShape(user, { ...value, age: undefined }, 'args'))).toEqual([
      'name',
      'tags',
      'boss',
    ]);
  });
});

describe('a value that does not fit is named by its place', () => {
  const good = { name: 'Ada', tags: ['a'], boss: null };
  test.each<[string, unknown, string]>([
    ['another type', { ...good, name: 1 }, 'args.name must be a string'],
    ['too long', { ...good, name: 'Adaada' }, 'args.name must be at most 5 characters long'],
    ['missing', { tags: [], boss: null }, 'args.name must be a string'],
    ['a fraction', { ...good, age: 1.5 }, 'args.age must be a whole number in 0..150'],
    ['out of range', { ...good, age: 151 }, 'args.age must be a whole number in 0..150'],
    ['inside a list', { ...good, tags: ['a', 'c'] }, 'args.tags.1 must be one of a, b'],
    ['too many', { ...good, tags: ['a', 'a', 'a'] }, 'args.tags must be a list of at most 2'],
    ['inside an object', { ...good, boss: {} }, 'args.boss.name must be a string'],
    ['no object', [good], 'args must be an object'],
    ['an unknown key', { ...good, admin: true }, 'args must be without the unknown key "admin"'],
    ['null', null, 'args must be an object'],
  ])('[N1] %s', (_, value, message) => {
    expect(messageOf(user, value)).toBe(message);
  });

  test('with the code that was asked for, and the path as data', () => {
    const run = () => parseShape(user, {}, 'message', 'bad_message');
    expect(run).toThrow(expect.objectContaining({ code: 'bad_message', data: { path: 'message.name' } }));
  });
});

describe('[N1] inherited and magic keys', () => {
  test('a required field is not found on the prototype', () => {
    expect(messageOf(s.object({ toString: s.json() }), {})).toBe('args.toString must be JSON');
    expect(messageOf(tagged({ on: s.object({}) }), { t: 'constructor' })).toBe(
      'args must be of a known type "t"',
    );
  });

  test('__proto__ is an unknown key like any other', () => {
    const value: unknown = JSON.parse('{"__proto__":{"admin":true}}');
    expect(messageOf(s.object({}), value)).toContain('unknown key');
    expect(messageOf(tagged({ on: s.object({}) }), JSON.parse('{"t":"on","__proto__":1}'))).toContain(
      'unknown key',
    );
    expect(messageOf(s.jsonObject(), value)).toBe('args must be a JSON object');
    expect(messageOf(s.json(), [value])).toBe('args must be JSON');
  });
});

test('tagged shapes are told apart by t', () => {
  const message = tagged({ on: s.object({ id: s.int() }), off: s.object({}) });
  expect(parseShape(message, { t: 'on', id: 1 }, 'm')).toEqual({ t: 'on', id: 1 });
  expect(messageOf(message, { t: 'on' })).toMatch(/^args\.on\.id must be/);
  expect(messageOf(message, { t: 'off', id: 1 })).toBe('args.off must be without the unknown key "id"');
  expect(messageOf(message, { t: 1 })).toBe('args must be of a known type "t"');
  expect(messageOf(message, { id: 1 })).toBe('args must be of a known type "t"');
});

test.each<[string, Shape<unknown>, Shape<unknown>]>([
  ['a string', s.string(5), s.string(6)],
  ['a number', s.int(0), s.int(1)],
  ['a list', s.array(s.int(), 5), s.array(s.int(), 6)],
  ['a list with and without a bound', s.array(s.int(), 5), s.array(s.int())],
  ['a choice', s.oneOf('a', 'b'), s.oneOf('a')],
  ['a literal', s.literal(1), s.literal('1')],
  ['an optional field', s.object({ a: s.int() }), s.object({ a: s.optional(s.int()) })],
  ['a nullable one', s.int(), s.nullable(s.int())],
  ['a name', s.object({ a: s.int() }), s.object({ b: s.int() })],
])('the description changes with every rule of %s', (_, a, b) => {
  expect(canonicalJson(a.json)).not.toBe(canonicalJson(b.json));
});

test('only JSON is JSON', () => {
  expect(isJson({ a: [1, 'b', null, { c: true }] })).toBe(true);
  for (const value of [undefined, Number.NaN, { a: undefined }, [() => 1], new Date(0), 1n, new Map()]) {
    expect(isJson(value)).toBe(false);
  }
  fc.assert(fc.property(fc.jsonValue(), (value) => isJson(JSON.parse(JSON.stringify(value)))));
});

test('[N1] any value ends in a result or a typed fault', () => {
  fc.assert(
    fc.property(fc.anything(), (value) => {
      try {
        parseShape(user, value, 'args');
      } catch (error) {
        expect(error).toBeInstanceOf(Fault);
      }
    }),
  );
});

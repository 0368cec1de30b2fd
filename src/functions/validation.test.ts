import { describe, expect, test } from 'vitest';
import type { StandardResult, StandardSchema } from '../schema/standard-schema.ts';
import { v } from '../schema/validator.ts';
import { argTypes, atOnce, checkArgs, checkReturns } from './validation.ts';

function standard<I, O>(
  validate: (value: unknown) => StandardResult<O> | Promise<StandardResult<O>>,
): StandardSchema<I, O> {
  return { '~standard': { version: 1, vendor: 'test', validate } };
}
const trimmed = standard<string, string>((value) =>
  typeof value === 'string' ? { value: value.trim() } : { issues: [{ message: 'not a text' }] },
);
const orSeven = standard<number | undefined, number | undefined>((value) => ({
  value: typeof value === 'number' ? value : 7,
}));
const slow = standard<string, number>(async (value) =>
  value === 'one' ? { value: 1 } : { issues: [{ message: 'not a number', path: ['a', { key: 0 }] }] },
);
const mixed = checkArgs({ title: trimmed, likes: v.int(), more: orSeven });

describe('arguments', () => {
  test('shapes and Standard Schemas stand side by side', () => {
    expect(mixed({ title: ' x ', likes: 1 })).toEqual({ title: 'x', likes: 1, more: 7 });
  });

  test.each([
    [{ title: 7, likes: 1 }, 'args.title: not a text'],
    [{ title: 'x', likes: 'a' }, 'args.likes must be a whole number'],
    [{ likes: 1 }, 'args.title: not a text'],
    [{ title: 'x', likes: 1, evil: 1 }, 'unknown key "evil"'],
    [JSON.parse('{"title":"x","likes":1,"__proto__":{}}'), 'unknown key "__proto__"'],
    [null, 'args must be an object'],
  ])('[N1] %o is refused', (args, message) => {
    expect(() => mixed(args)).toThrow(message);
  });

  test('one Standard Schema may stand for all', () => {
    expect(checkArgs(trimmed)(' x ')).toBe('x');
    expect(argTypes(trimmed)).toBeNull();
  });

  test('what is known of arguments, for those who name them', () => {
    const { array, bool, int, json, literal, nullable, number, object, oneOf, optional, string } = v;
    const args = {
      text: [string(), v.id('Note'), optional(nullable(string(5)))],
      number: [int(), int(0, 3), number(), optional(int())],
      boolean: [bool()],
      json: [json(), array(int()), object({ a: int() }), v.jsonObject()],
      unknown: [trimmed, literal(1)],
    };
    for (const [type, shapes] of Object.entries(args)) {
      for (const shape of shapes) expect(argTypes({ a: shape })?.get('a')).toEqual({ type });
    }
    expect(argTypes({ a: oneOf('x', 'y') })?.get('a')).toEqual({ type: 'text', values: ['x', 'y'] });
    expect(argTypes({ a: literal('x') })?.get('a')).toEqual({ type: 'text', values: ['x'] });
  });

  test('a schema may be a function', () => {
    expect(checkArgs(Object.assign(() => {}, trimmed))(' x ')).toBe('x');
  });

  test('those that answer later are waited for, and name the place', async () => {
    const check = checkArgs({ n: slow, m: slow });
    expect(await check({ n: 'one', m: 'one' })).toEqual({ n: 1, m: 1 });
    await expect(check({ n: 'one', m: 'two' })).rejects.toMatchObject({
      code: 'invalid',
      message: 'args.m.a.0: not a number',
      data: { path: 'args.m.a.0', issues: [{ path: 'args.m.a.0', message: 'not a number' }] },
    });
  });

  test('[N1] of many issues some are told', () => {
    const issues = Array.from({ length: 1000 }, () => ({ message: 'no' }));
    const check = checkArgs(standard(() => ({ issues })));
    expect(() => check({})).toThrow(expect.objectContaining({ data: expect.anything() }));
    try {
      check({});
    } catch (error) {
      expect((error as { data: { issues: unknown[] } }).data.issues).toHaveLength(20);
    }
  });
});

test('results are checked by either kind', () => {
  expect(checkReturns(undefined)(7)).toBe(7);
  expect(checkReturns(trimmed)(' x ')).toBe('x');
  expect(() => checkReturns(v.int())('x')).toThrow('result must be');
});

test('[Q4] a mutation cannot wait for a validation', () => {
  expect(atOnce(7, 'notes.create')).toBe(7);
  expect(() => atOnce(Promise.reject(new Error('late')), 'notes.create')).toThrow('notes.create: a schema');
});

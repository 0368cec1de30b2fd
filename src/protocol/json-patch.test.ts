import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isFault } from '../base/fault.ts';
import { type Json, type JsonObject, jsonEquals } from '../base/json.ts';
import { applyPatch, diff, share } from './json-patch.ts';

const key = fc.constantFrom('id', 'a', 'b', 'constructor', 'toString', 'v', 'o');
const leaf = fc.oneof(
  fc.constantFrom<Json>(null, true, 0, -0, 1, ''),
  fc.constantFrom('x', 'y', 'long text of some length'),
);
const json: fc.Arbitrary<Json> = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.array(tie('json'), { maxLength: 5 }),
    fc.dictionary(key, tie('json'), { maxKeys: 4 }),
  ),
})).json;
const rows = fc.uniqueArray(fc.record({ id: fc.constantFrom('r1', 'r2', 'r3', 'r4', 'r5', 'r6'), a: json }), {
  selector: ({ id }) => id,
  maxLength: 6,
});
const pair = fc.oneof(fc.tuple(json, json), fc.tuple(rows, rows)) as fc.Arbitrary<[Json, Json]>;

test('what is applied is what was compared, and no larger than the new value', () => {
  fc.assert(
    fc.property(pair, ([a, b]) => {
      const [before, after] = [JSON.stringify(a), JSON.stringify(b)];
      const patch = diff(a, b);
      if (!patch) {
        expect(jsonEquals(a, b)).toBe(true);
        return;
      }
      const sent = JSON.parse(JSON.stringify(patch));
      expect(jsonEquals(applyPatch(a, sent), b)).toBe(true);
      expect(JSON.stringify(patch).length).toBeLessThanOrEqual(after.length + '{"v":}'.length);
      expect([JSON.stringify(a), JSON.stringify(b)]).toEqual([before, after]);
      expect(jsonEquals(share(a, JSON.parse(after)), b)).toBe(true);
    }),
    { numRuns: 1000 },
  );
});

test('what did not change stays the same object', () => {
  fc.assert(
    fc.property(rows, rows, (a, b) => {
      const made = share(a as Json, structuredClone(b) as Json) as JsonObject[];
      for (const row of made) {
        const old = (a as JsonObject[]).find(({ id }) => id === row.id);
        if (old && jsonEquals(old, row)) expect(row).toBe(old);
      }
      if (jsonEquals(a as Json, b as Json)) expect(made).toBe(a);
    }),
  );
});

test('a page of rows: one moves, one changes, one is new, one is gone', () => {
  const row = (i: number, text = 'as it was') => ({ id: `r${i}`, text, author: { name: `n${i}` } });
  const a = { title: 'Notes', rows: [0, 1, 2, 3, 4, 5, 6, 7].map((i) => row(i)) };
  const b = { title: 'Notes', rows: [row(7), row(0), row(1), row(2, 'new'), row(9), row(4), row(5), row(6)] };
  const patch = diff(a, b)!;
  expect(patch).toEqual({
    o: { rows: { a: [[7, 1], [0, 2], { i: 2, p: { o: { text: { v: 'new' } } } }, { v: [row(9)] }, [4, 3]] } },
  });
  const made = applyPatch(a, patch) as typeof a;
  expect(made).toEqual(b);
  expect(made.rows[1]).toBe(a.rows[0]);
  expect(made.rows[3]!.author).toBe(a.rows[2]!.author);
});

describe('lists without ids', () => {
  test.each<[string, Json[], Json[], Json]>([
    ['one more at the end', [1, 2], [1, 2, 3], { a: [[0, 2], { v: [3] }] }],
    [
      'one less in the middle',
      ['a', 'b', 'c', 'd'],
      ['a', 'b', 'd'],
      {
        a: [
          [0, 2],
          [3, 1],
        ],
      },
    ],
    ['empty now', [1], [], { a: [] }],
    ['no longer empty', [], [1], { a: [{ v: [1] }] }],
    ['equal ids', [{ id: 'x' }, { id: 'x' }], [{ id: 'x' }], { a: [[0, 1]] }],
  ])('%s', (_, a, b, patch) => {
    const long: Json = 'so long that the value is larger than the patch';
    expect(diff([long, a], [long, b])).toEqual({ a: [[0, 1], { i: 1, p: patch }] });
    expect(applyPatch([long, a], diff([long, a], [long, b])!)).toEqual([long, b]);
  });
});

test('the patch of a deep value is not much deeper than the value', () => {
  const deep = (levels: number, end: Json): Json =>
    levels === 0 ? end : [deep(levels - 1, end), 'and so much more that a patch of it would be shorter'];
  const nesting = (value: Json): number =>
    typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(nesting)) : 0;
  const patch = diff(deep(32, 1), deep(32, 2))!;
  expect(nesting(patch)).toBeLessThan(60);
  expect(applyPatch(deep(32, 1), patch)).toEqual(deep(32, 2));
});

describe('[N1] what is no patch of the value is refused', () => {
  test.each<[string, Json, Json]>([
    ['no object', 1, 7],
    ['no known key', 1, {}],
    ['keys of a list', [], { o: {} }],
    ['items of an object', {}, { a: [] }],
    ['an item beyond the end', [1], { a: [[1, 1]] }],
    ['a negative place', [1], { a: [[-1, 1]] }],
    [
      'items twice',
      [1, 2],
      {
        a: [
          [0, 2],
          [0, 1],
        ],
      },
    ],
    ['a step that is none', [1], { a: [3] }],
    ['no list of keys', {}, { o: {}, d: 'x' }],
    ['a key that is no text', {}, { o: {}, d: [1] }],
  ])('%s', (_, value, patch) => {
    expect(() => applyPatch(value, patch)).toThrow(expect.objectContaining({ code: 'bad_message' }));
  });

  test('prototypes stay clean', () => {
    const evil = JSON.parse('{"o":{"__proto__":{"o":{"polluted":{"v":1}}}}}');
    expect(() => applyPatch({}, evil)).toThrow();
    for (const patch of [
      '{"o":{"constructor":{"o":{"prototype":{"v":1}}}}}',
      '{"o":{"x":{"v":1}},"d":["__proto__"]}',
    ]) {
      try {
        applyPatch({}, JSON.parse(patch));
      } catch (error) {
        expect(isFault(error, 'bad_message')).toBe(true);
      }
    }
    expect({}).not.toHaveProperty('polluted');
    expect(Object.prototype).not.toHaveProperty('x');
    const own = JSON.parse('{"__proto__":1,"a":2}');
    expect(diff({ a: 1 }, own)).toEqual({ v: own });
  });
});

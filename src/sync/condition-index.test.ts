import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Json, JsonObject } from '../base/json.ts';
import type { Filter } from '../schema/filter.ts';
import { matches } from '../schema/match.ts';
import { type Condition, ConditionIndex } from './condition-index.ts';

const FIELDS = ['a', 'b', 'c', 'constructor'];
const name = fc.constantFrom(...FIELDS);
const text = fc.constantFrom('', 'a', 'ab', 'b', 'a\n', 'é', '￿', '😀', 'a\u{10ffff}', 'a\u{10ffff}b', '퟿');
const value: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json>(null, true, false, -0, 0, 1, 1.5, -3, [], ['a'], {}, { x: 1, y: 2 }, { y: 2, x: 1 }),
  text,
);
const leaf: fc.Arbitrary<Filter> = fc.oneof(
  fc.record({
    op: fc.constantFrom('eq', 'neq', 'lt', 'lte', 'gt', 'gte'),
    field: name,
    value,
  }) as fc.Arbitrary<Filter>,
  fc.record({ op: fc.constant('in' as const), field: name, values: fc.array(value, { maxLength: 3 }) }),
  fc.record({ op: fc.constant('startsWith' as const), field: name, prefix: text }),
);
const filter: fc.Arbitrary<Filter> = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    leaf,
    fc.record({ op: fc.constant('not' as const), filter: tie('filter') }),
    fc.record({
      op: fc.constantFrom('and' as const, 'and' as const, 'or' as const),
      filters: fc.array(tie('filter'), { maxLength: 3 }),
    }),
  ),
})).filter;
const optional = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined });
const condition: fc.Arbitrary<Condition> = fc.record({
  entity: fc.constantFrom('Note', 'Room'),
  where: optional(fc.dictionary(name, value, { maxKeys: 2 })),
  range: optional(filter),
  filter: optional(filter),
});
const row: fc.Arbitrary<JsonObject> = fc.dictionary(name, value);

type Step = { condition: Condition; item: number; isKept: boolean };
const step: fc.Arbitrary<Step> = fc.record({ condition, item: fc.nat(3), isKept: fc.boolean() });

test('[Q1] finds exactly what a look at every condition finds, also after removals', () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 30 }),
      fc.array(row, { minLength: 5, maxLength: 10 }),
      (steps, rows) => {
        const index = new ConditionIndex<number>();
        const pairs = new Map<string, Step>();
        const put = (one: Step) => {
          index.add(one.condition, one.item);
          pairs.set(textOf(one), one);
        };
        const agree = () => {
          expect(index.size).toBe(pairs.size);
          for (const one of rows) {
            for (const entity of ['Note', 'Room']) {
              const met = [...pairs.values()].filter(
                (pair) => pair.condition.entity === entity && matches(pair.condition, one),
              );
              expect(index.find(entity, one)).toEqual(new Set(met.map(({ item }) => item)));
            }
          }
        };
        for (const one of steps) put(one);
        agree();
        for (const one of steps.filter(({ isKept }) => !isKept)) {
          index.remove(structuredClone(one.condition), one.item);
          pairs.delete(textOf(one));
        }
        agree();
        for (const { condition, item } of pairs.values()) index.remove(condition, item);
        pairs.clear();
        agree();
      },
    ),
    { numRuns: 400 },
  );
});

/** Equal for conditions that are equal, whatever the order of their keys and whichever parts are left out. */
function textOf({ condition, item }: Step): string {
  const sorted = (value: unknown): unknown =>
    Array.isArray(value)
      ? value.map(sorted)
      : typeof value === 'object' && value !== null
        ? Object.entries(value)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([key, inner]) => [key, sorted(inner)])
        : Object.is(value, -0)
          ? 0
          : value;
  const { entity, where, range, filter } = condition;
  return JSON.stringify(sorted([entity, where ?? null, range ?? null, filter ?? null, item]));
}

describe('what a question costs', () => {
  /** Fields of conditions are read when one is compared with the row. */
  function counted(filter: Filter, seen: { count: number }): Filter {
    return new Proxy(filter, {
      get: (target, key) => {
        if (key === 'op') seen.count++;
        return Reflect.get(target, key);
      },
    });
  }

  test.each<[string, (i: number) => Filter, JsonObject]>([
    ['equal', (i) => ({ op: 'eq', field: 'room', value: `r${i}` }), { room: 'r7' }],
    ['one of several', (i) => ({ op: 'in', field: 'room', values: [`r${i}`, `s${i}`] }), { room: 's7' }],
    ['after', (i) => ({ op: 'gt', field: 'at', value: i }), { at: 7 }],
    ['before', (i) => ({ op: 'lt', field: 'at', value: i }), { at: 1993 }],
    ['not after', (i) => ({ op: 'not', filter: { op: 'gt', field: 'at', value: i } }), { at: 1993 }],
    ['beginning', (i) => ({ op: 'startsWith', field: 'at', prefix: `${i}.` }), { at: '7.5' }],
  ])('[Q1] %s: of 2000 conditions few are looked at', (_, make, one) => {
    const index = new ConditionIndex<number>();
    const seen = { count: 0 };
    for (let i = 0; i < 2000; i++) index.add({ entity: 'Note', filter: counted(make(i), seen) }, i);
    seen.count = 0;
    const found = index.find('Note', one);
    expect(found.size).toBeGreaterThan(0);
    expect(seen.count).toBeLessThan(60);
  });

  test('equal conditions are looked at once for all that share them', () => {
    const index = new ConditionIndex<number>();
    for (let i = 0; i < 100; i++) index.add({ entity: 'Note', where: { room: 'r' } }, i);
    index.add({ entity: 'Note', where: { room: 'r' } }, 7);
    expect(index.size).toBe(100);
    expect(index.find('Note', { room: 'r' }).size).toBe(100);
    index.remove({ entity: 'Note', where: { room: 'r' } }, 7);
    index.remove({ entity: 'Note', where: { room: 'other' } }, 8);
    expect(index.find('Note', { room: 'r' }).size).toBe(99);
  });
});

test('two conditions that no row meets, of one shape, can both be removed', () => {
  const index = new ConditionIndex<string>();
  const never = (value: number): Condition => ({
    entity: 'Room',
    filter: {
      op: 'and',
      filters: [
        { op: 'lte', field: 'a', value: '' },
        { op: 'gte', field: 'a', value },
      ],
    },
  });
  for (const value of [0, 1]) index.add(never(value), 'x');
  for (const value of [0, 1]) index.remove(never(value), 'x');
  expect(index.size).toBe(0);
});

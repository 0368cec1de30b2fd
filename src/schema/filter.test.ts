import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../base/json.ts';
import { parseShape } from '../base/shape.ts';
import { entity } from './entity.ts';
import { field } from './field.ts';
import {
  checkFilter,
  type Filter,
  filterShape,
  MAX_FILTER_DEPTH,
  MAX_FILTER_SIZE,
  passes,
} from './filter.ts';
import { filterBuilder } from './filter-builder.ts';
import { select } from './match.ts';

const Note = entity('Note', {
  title: field.string().optional(),
  likes: field.int(),
  open: field.bool(),
  tags: field.json(),
  blob: field.bytes().optional(),
});
const parse = (value: unknown) => parseShape(filterShape, value, 'filter');
const code = (work: () => unknown) => {
  try {
    work();
    return 'ok';
  } catch (error) {
    return (error as { code: string }).code;
  }
};
const leaf: Filter = { op: 'eq', field: 'likes', value: 1 };
const nested = (depth: number): Filter => {
  let filter: Filter = leaf;
  for (let i = 1; i < depth; i++) filter = { op: 'not', filter };
  return filter;
};

describe('[N3] a filter is bounded', () => {
  test('in depth', () => {
    expect(parse(nested(MAX_FILTER_DEPTH))).toEqual(nested(MAX_FILTER_DEPTH));
    expect(code(() => parse(nested(MAX_FILTER_DEPTH + 1)))).toBe('invalid');
  });

  test('in conditions', () => {
    const of = (size: number): Filter => ({
      op: 'or',
      filters: Array.from({ length: size - 1 }, () => leaf),
    });
    expect(parse(of(MAX_FILTER_SIZE))).toEqual(of(MAX_FILTER_SIZE));
    expect(code(() => parse(of(MAX_FILTER_SIZE + 1)))).toBe('invalid');
  });

  test('in the values of its lists', () => {
    const of = (size: number): Filter => ({ op: 'in', field: 'likes', values: Array(size - 1).fill(0) });
    expect(parse(of(MAX_FILTER_SIZE))).toEqual(of(MAX_FILTER_SIZE));
    expect(code(() => parse(of(MAX_FILTER_SIZE + 1)))).toBe('invalid');
  });
});

test.each([
  null,
  [],
  'x',
  {},
  { op: 'eq', value: 1 },
  { op: 'eq', field: 'likes' },
  { op: 'eq', field: 'likes', value: Number.NaN },
  { op: 'eq', field: 'title', value: '\ud83d' },
  { op: 'like', field: 'likes', value: 1 },
  { op: '__proto__', field: 'likes', value: 1 },
  { op: 'in', field: 'likes', values: 1 },
  { op: 'startsWith', field: 'title', prefix: 1 },
  { op: 'and', filters: {} },
  { op: 'not' },
])('[N1] %j is no filter', (value) => expect(code(() => parse(value))).toBe('invalid'));

test.each([
  [{ op: 'eq', field: 'nothing', value: 1 }, 'invalid'],
  [{ op: 'not', filter: { op: 'eq', field: 'constructor', value: 1 } }, 'invalid'],
  [{ op: 'lt', field: 'open', value: true }, 'invalid'],
  [{ op: 'lt', field: 'tags', value: 1 }, 'invalid'],
  [{ op: 'gte', field: 'blob', value: 'AA' }, 'invalid'],
  [{ op: 'startsWith', field: 'blob', prefix: 'AA' }, 'invalid'],
  [{ op: 'startsWith', field: 'likes', prefix: '1' }, 'invalid'],
  [{ op: 'in', field: 'blob', values: ['AA'] }, 'ok'],
  [{ op: 'neq', field: 'tags', value: [1] }, 'ok'],
  [{ op: 'lt', field: 'id', value: 'x' }, 'ok'],
] as [Filter, string][])('what a field cannot be asked is refused: %j', (filter, expected) => {
  expect(code(() => checkFilter(filter, Note))).toBe(expected);
  expect(code(() => select({ entity: 'Note', fields: Note.fields, filter }, []))).toBe(expected);
});

test('null equals null and is neither before, after nor in anything', () => {
  const q = filterBuilder as never as import('./filter-builder.ts').FilterBuilder<{ title: string | null }>;
  const row: JsonObject = { id: 'a', title: null };
  const holds = (filter: Filter) => passes(filter, row);
  expect(holds(q.eq('title', null))).toBe(true);
  expect(holds(q.neq('title', 'a'))).toBe(true);
  expect(holds(q.in('title', [null]))).toBe(false);
  expect(holds(q.lt('title', 'a'))).toBe(false);
  expect(holds(q.not(q.gte('title', 'a')))).toBe(true);
  expect(holds(q.startsWith('title', ''))).toBe(false);
  expect(holds(q.and())).toBe(true);
  expect(holds(q.or())).toBe(false);
  expect(passes({ op: 'eq', field: 'toString', value: null }, row)).toBe(true);
});

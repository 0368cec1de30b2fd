import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { expect, test } from 'vitest';
import { shallowEqual } from './shallow-equal.ts';
import { useShard } from './use-shard.ts';

test('shallow equality looks one level deep into lists and plain objects, and no further', () => {
  expect(shallowEqual(Number.NaN, Number.NaN)).toBe(true);
  expect(shallowEqual([1, 'a'], [1, 'a'])).toBe(true);
  expect(shallowEqual({ a: 1 }, { a: 1 })).toBe(true);
  expect(shallowEqual({ a: 1 }, { a: 1, b: undefined })).toBe(false);
  expect(shallowEqual([], {})).toBe(false);
  expect(shallowEqual([{}], [{}])).toBe(false);
  expect(shallowEqual(null, {})).toBe(false);
  expect(shallowEqual(new Date(0), new Date(0))).toBe(false);
});

test('without a handle nothing is selected, also on a server', () => {
  const Count = () => createElement('b', null, useShard(null, (handle) => handle.entities.length) ?? 'none');
  expect(renderToStaticMarkup(createElement(Count))).toBe('<b>none</b>');
});

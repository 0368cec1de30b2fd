import fc from 'fast-check';
import { LoroDoc } from 'loro-crdt';
import { expect, test } from 'vitest';
import { isJson } from '../../src/base/shape.ts';
import {
  type Container,
  counterOf,
  listOf,
  mapOf,
  movableListOf,
  readContainer,
  registerOf,
  textOf,
  treeOf,
} from './containers.ts';

const ALL: readonly Container[] = ['text', 'map', 'list', 'movableList', 'tree', 'counter', 'register'];

test('an empty document shows what the schema has as defaults', () => {
  const doc = new LoroDoc();
  const empty = ALL.map((kind) => readContainer(doc, kind, kind));
  expect(empty).toEqual(['', {}, [], [], [], 0, undefined]);
});

test('each kind is read as it was written, and merged as its kind says', () => {
  const [a, b] = [new LoroDoc(), new LoroDoc()];
  textOf(a, 'text').insert(0, 'ab');
  mapOf(a, 'map').set('x', 1);
  mapOf(b, 'map').set('y', { deep: [true] });
  listOf(a, 'list').push('one');
  for (const item of [1, 2, 3]) movableListOf(a, 'movable').push(item);
  counterOf(a, 'counter').increment(2);
  counterOf(b, 'counter').decrement(0.5);
  registerOf(a, 'register').set({ value: ['x'] });
  const root = treeOf(a, 'tree').createNode();
  root.data.set('title', 'root');
  root.createNode().data.set('title', 'leaf');
  for (const doc of [a, b]) doc.commit();
  b.import(a.export({ mode: 'update' }));
  movableListOf(a, 'movable').move(0, 2);
  movableListOf(b, 'movable').move(0, 2);
  for (const doc of [a, b]) doc.commit();
  a.import(b.export({ mode: 'update' }));
  b.import(a.export({ mode: 'update' }));
  for (const doc of [a, b]) {
    expect(readContainer(doc, 'text', 'text')).toBe('ab');
    expect(readContainer(doc, 'map', 'map')).toEqual({ x: 1, y: { deep: [true] } });
    expect(readContainer(doc, 'list', 'list')).toEqual(['one']);
    expect(readContainer(doc, 'movable', 'movableList')).toEqual([2, 3, 1]);
    expect(readContainer(doc, 'counter', 'counter')).toBe(1.5);
    expect(readContainer(doc, 'register', 'register')).toEqual({ value: ['x'] });
    expect(readContainer(doc, 'tree', 'tree')).toMatchObject([
      { meta: { title: 'root' }, children: [{ meta: { title: 'leaf' }, children: [] }] },
    ]);
  }
});

test('[D1] whatever a document holds, its columns are JSON', () => {
  const value = fc.anything({ withNullPrototype: false, maxDepth: 3 }).map((v) => {
    try {
      new LoroDoc().getMap('m').set('v', v as never);
      return v;
    } catch {
      return new Uint8Array([1, 2, 3]); // what Loro does not take
    }
  });
  fc.assert(
    fc.property(fc.dictionary(fc.string(), value), fc.double(), (entries, by) => {
      const doc = new LoroDoc();
      for (const [key, item] of Object.entries(entries)) mapOf(doc, 'map').set(key, item as never);
      for (const item of Object.values(entries)) listOf(doc, 'list').push(item as never);
      counterOf(doc, 'counter').increment(by);
      mapOf(doc, 'register').set('value', Object.values(entries)[0] as never);
      doc.commit();
      for (const kind of ['map', 'list', 'counter', 'register'] as const) {
        const read = readContainer(doc, kind, kind);
        expect(read === undefined || isJson(read)).toBe(true);
      }
    }),
  );
});

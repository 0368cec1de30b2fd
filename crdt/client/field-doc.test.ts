import { LoroDoc, type LoroEventBatch } from 'loro-crdt';
import { expect, test } from 'vitest';
import { docOfField, originOf } from './field-doc.ts';

function watch(doc: LoroDoc, field = 'body') {
  const view = docOfField(doc, field);
  const seen: [by: string, origin: string | undefined, diffs: unknown[]][] = [];
  const off = view.subscribe(({ by, origin, events }: LoroEventBatch) => {
    seen.push([by, origin, events.map(({ diff }) => (diff.type === 'text' ? diff.diff : diff.type))]);
  });
  return { view, off, seen };
}

test('an editor hears of its own field only, and takes for its own what it has committed itself', () => {
  const doc = new LoroDoc();
  const { view, seen, off } = watch(doc);
  const other = watch(doc);
  view.getText('body').insert(0, 'own');
  view.commit();
  doc.getText('body').insert(3, ' of the page');
  doc.commit();
  doc.getText('title').insert(0, 'x');
  doc.commit();
  expect(seen.map(([by]) => by)).toEqual(['local', 'import']);
  expect(other.seen.map(([by]) => by)).toEqual(['import', 'import']);
  expect(seen[0]?.[1]).toBe(originOf('body'));
  off();
  doc.getText('body').insert(0, '-');
  doc.commit();
  expect(seen).toHaveLength(2);
});

test('a batch of several fields is cut to the one', () => {
  const [doc, far] = [new LoroDoc(), new LoroDoc()];
  for (const field of ['a', 'body', 'z']) far.getText(field).insert(0, field);
  const { seen } = watch(doc);
  doc.import(far.export({ mode: 'update' }));
  expect(seen).toEqual([['import', '', [[{ insert: 'body' }]]]]);
});

test('the origin of one field is not how that of another begins', () => {
  expect(originOf('body2').startsWith(originOf('body'))).toBe(false);
});

import fc from 'fast-check';
import { LoroDoc } from 'loro-crdt';
import { expect, test } from 'vitest';
import { decodeBase64Url, encodeBase64Url } from '../../src/base/base64url.ts';
import { encodeCursor, resolveCursor } from './cursor.ts';

function docOf(text: string): LoroDoc {
  const doc = new LoroDoc();
  doc.getText('body').insert(0, text);
  doc.commit();
  return doc;
}

function copyOf(doc: LoroDoc): LoroDoc {
  const copy = new LoroDoc();
  copy.import(doc.export({ mode: 'update' }));
  return copy;
}

test('a place stays where it is while others edit around it', () => {
  const mine = docOf('hello 😀 world');
  const theirs = copyOf(mine);
  const places = [0, 5, 8, 14].map((index) => encodeCursor(mine, { field: 'body', index })!);
  theirs.getText('body').insert(0, '>> ');
  theirs.getText('body').delete(9, 2); // the smiley
  theirs.commit();
  const indexes = places.map((place) => resolveCursor(theirs, place));
  expect(indexes).toEqual([3, 8, 9, 15].map((index) => ({ field: 'body', index })));
});

test('property: without edits, a place is where it was', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 20 }), fc.nat(), (text, at) => {
      const doc = docOf(text);
      const index = at % (text.length + 1);
      expect(resolveCursor(doc, encodeCursor(doc, { field: 'body', index })!)).toEqual({
        field: 'body',
        index,
      });
    }),
  );
});

test('indexes beyond the text are its ends; an empty text has one place', () => {
  const doc = docOf('abc');
  const at = (index: number, field = 'body') => resolveCursor(doc, encodeCursor(doc, { field, index })!);
  expect([at(-5)?.index, at(99)?.index, at(0, 'empty')?.index]).toEqual([0, 3, 0]);
});

test('a place in text that has not come yet, and what is no place, are null', () => {
  const doc = docOf('hello');
  const place = encodeCursor(doc, { field: 'body', index: 3 })!;
  expect(resolveCursor(new LoroDoc(), place)).toBeNull();
  const inList = new LoroDoc();
  inList.getList('items').push(1);
  inList.commit();
  const other = encodeBase64Url(inList.getList('items').getCursor(0)!.encode());
  for (const text of ['', '!', 'AAAA', other, 'A'.repeat(401)]) expect(resolveCursor(doc, text)).toBeNull();
});

test('[D3] property: bytes of others never throw, and leave the document as it is', () => {
  const doc = docOf('hello');
  const bytes = decodeBase64Url(encodeCursor(doc, { field: 'body', index: 3 })!);
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { maxLength: 4 }), (changes) => {
      const mutated = bytes.slice();
      for (const [at, value] of changes) mutated[at] = value;
      resolveCursor(doc, encodeBase64Url(mutated));
    }),
    { numRuns: 2000 },
  );
  expect(doc.getText('body').toString()).toBe('hello');
});

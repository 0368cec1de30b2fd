import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isFault } from '../base/fault.ts';
import { encodeBatch } from '../protocol/row-batch.ts';
import { parseServerText } from './server-text.ts';

const op = { seq: 1, entity: 'Note', row_id: 'n', kind: 'insert', data: { a: 1 }, timestamp: 5 };
const batch = encodeBatch(0, 1, JSON.stringify([op]));
const page = JSON.stringify({ t: 'page', entity: 'Note', rows: [{ row_id: 'n', data: {} }], last: false });
const session = { userId: null, kind: 'anonymous', roles: [], name: null };

test.each([
  batch,
  page,
  JSON.stringify({ t: 'page', entity: null, rows: [], last: true }),
  JSON.stringify({ t: 'session', session }),
])('takes %s', (text) => expect(parseServerText(text)).toEqual(JSON.parse(text)));

test.each([
  { t: 'batch', from: 0, to: 1, ops: [{ ...op, data: undefined }] },
  { t: 'batch', from: 0, to: 1, ops: [{ ...op, kind: 'upsert' }] },
  { t: 'batch', from: 0, to: 1, ops: [{ ...op, row_id: 1 }] },
  { t: 'batch', from: 0, to: 1, ops: [null] },
  { t: 'batch', from: -1, to: 1, ops: [] },
  { t: 'batch', from: 0, to: 1.5, ops: [] },
  { t: 'page', entity: null, rows: [{ row_id: 'n', data: {} }], last: false },
  { t: 'page', entity: 'Note', rows: [{ row_id: 'n', data: [] }], last: false },
  { t: 'page', entity: 'Note', rows: [] },
  { t: 'ping' },
  'batch',
])('[N1] refuses %j', (value) => {
  expect(() => parseServerText(JSON.stringify(value))).toThrow(
    expect.toSatisfy((e) => isFault(e, 'bad_message')),
  );
});

test('[N1] damaged text gives a message or a Fault, never anything else', () => {
  fc.assert(
    fc.property(fc.constantFrom(batch, page), fc.nat(), fc.string({ maxLength: 3 }), (text, at, junk) => {
      const cut = at % text.length;
      for (const damaged of [text.slice(0, cut), text.slice(0, cut) + junk + text.slice(cut + 1)]) {
        try {
          expect(parseServerText(damaged)).toHaveProperty('t');
        } catch (error) {
          expect(isFault(error)).toBe(true);
        }
      }
    }),
  );
});

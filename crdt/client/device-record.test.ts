import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Fault } from '../../src/base/fault.ts';
import {
  decodeCopy,
  decodeList,
  decodePending,
  decodeTail,
  encodeCopy,
  encodeList,
  encodePending,
  encodeTail,
} from './device-record.ts';

const peer = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const bytes = fc.uint8Array({ maxLength: 50 });
const owner = fc.option(fc.string({ maxLength: 20 }));
const epoch = fc.string({ maxLength: 20 });
const pending = fc.record({
  owner,
  epoch,
  spares: fc.array(peer, { maxLength: 3 }),
  entries: fc.array(fc.record({ epoch, peer, end: fc.nat(), bytes }), { maxLength: 5 }),
});
const copy = fc.record({ owner, epoch, snapshot: bytes });
const tail = fc.record({ epoch, copyBytes: fc.nat(), base: bytes, update: bytes });
const list = fc.array(fc.record({ key: fc.string({ maxLength: 20 }), bytes: fc.nat() }), { maxLength: 5 });

/** Read as written, and no prefix of it is read at all. */
function roundTrips<T>(
  values: fc.Arbitrary<T>,
  encode: (value: T) => Uint8Array,
  decode: (b: Uint8Array) => T,
) {
  fc.assert(
    fc.property(values, fc.nat(), (value, cut) => {
      const written = encode(value);
      expect(decode(written)).toEqual(value);
      expect(() => decode(written.slice(0, cut % written.length))).toThrow(Fault);
      expect(() => decode(Uint8Array.of(9, ...written.slice(1)))).toThrow('version');
    }),
  );
}

test('[D2] unsent edits and spare leases are read as they were kept; damaged ones are a typed fault', () => {
  roundTrips(pending, encodePending, decodePending);
});

test('copies, tails and the list of copies are read as they were kept', () => {
  roundTrips(copy, encodeCopy, decodeCopy);
  roundTrips(tail, encodeTail, decodeTail);
  roundTrips(list, encodeList, decodeList);
});

test('too many entries are refused before they are read', () => {
  const many = Array.from({ length: 1001 }, () => ({
    epoch: '',
    peer: 1n,
    end: 1,
    bytes: new Uint8Array(0),
  }));
  expect(() => decodePending(encodePending({ owner: null, epoch: '', spares: [], entries: many }))).toThrow(
    '1001',
  );
});

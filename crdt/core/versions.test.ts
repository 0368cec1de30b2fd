import fc from 'fast-check';
import type { PeerID } from 'loro-crdt';
import { expect, test } from 'vitest';
import { Fault } from '../../src/base/fault.ts';
import {
  covers,
  decodeVersions,
  encodeVersions,
  MAX_COUNTER,
  spansBetween,
  type Versions,
} from './versions.ts';

const peer = fc.bigInt({ min: 0n, max: 2n ** 64n - 2n }).map((id) => `${id}` as PeerID);
const versions: fc.Arbitrary<Versions> = fc
  .array(fc.tuple(peer, fc.integer({ min: 1, max: MAX_COUNTER })), { maxLength: 20 })
  .map((entries) => new Map(entries));

test('version vectors come back as they were', () => {
  fc.assert(
    fc.property(versions, (value) => {
      expect(decodeVersions(encodeVersions(value))).toEqual(value);
    }),
  );
});

test('[D3] bytes that are no version vector throw a typed fault', () => {
  const tryOut = (bytes: Uint8Array) => {
    try {
      for (const counter of decodeVersions(bytes).values()) expect(counter).toBeGreaterThanOrEqual(0);
    } catch (error) {
      expect(error).toBeInstanceOf(Fault);
    }
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), tryOut), { numRuns: 2000 });
  expect(() => decodeVersions(new Uint8Array([1, 7, 23]))).toThrow('out of range'); // peer 7 at -12
});

test('spans are what one side has beyond the other', () => {
  fc.assert(
    fc.property(versions, versions, (from, to) => {
      const spans = spansBetween(from, to);
      expect(spans.length === 0).toBe(covers(from, to));
      for (const { id, len } of spans) {
        expect(id.counter).toBe(from.get(id.peer) ?? 0);
        expect(id.counter + len).toBe(to.get(id.peer));
      }
    }),
  );
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Fault } from '../../src/base/fault.ts';
import { decodePending, encodePending } from './pending-record.ts';

const record = fc.record({
  owner: fc.option(fc.string({ maxLength: 20 })),
  epoch: fc.string({ maxLength: 20 }),
  entries: fc.array(
    fc.record({ peer: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), bytes: fc.uint8Array({ maxLength: 50 }) }),
    { maxLength: 5 },
  ),
});

test('[D2] pending edits are read as they were kept', () => {
  fc.assert(
    fc.property(record, (value) => {
      expect(decodePending(encodePending(value))).toEqual(value);
    }),
  );
});

test('a damaged record is a typed fault', () => {
  fc.assert(
    fc.property(record, fc.nat(), (value, cut) => {
      const bytes = encodePending(value);
      expect(() => decodePending(bytes.slice(0, cut % bytes.length))).toThrow(Fault);
    }),
  );
});

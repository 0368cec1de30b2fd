import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Reader, Writer } from '../../src/base/bytes.ts';
import { isFault } from '../../src/base/fault.ts';
import {
  CELL_KINDS,
  decodeEvents,
  decodeFrame,
  decodeReject,
  encodeEvents,
  encodeFrame,
  encodeLeave,
  encodeMessage,
  encodeReject,
  encodeResync,
  KIND,
  REJECTS,
} from './frames.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
/** A reader behind the kind, as the dispatchers leave it. */
function behind(payload: Uint8Array, kind: number): Reader {
  const reader = new Reader(payload);
  expect(reader.u8()).toBe(kind);
  return reader;
}

test('the bytes of every frame', () => {
  const header = { tick: 300, baseTick: 0, newestInput: 302, inputBuffer: 2 };
  const cells = [{ cell: 0, kind: 'key' as const, chunk: Uint8Array.of(0xaa, 0xbb) }];
  expect(hex(encodeFrame(new Writer(), header, cells))).toBe('31ac0200ae0202010001' + '02aabb' + '00');
  expect(hex(encodeMessage(Uint8Array.of(0xc0)))).toBe('22c0');
  expect(hex(encodeResync(7))).toBe('2307');
  expect(hex(encodeLeave())).toBe('24');
  expect(hex(encodeEvents(5, [Uint8Array.of(0x01), Uint8Array.of(0x02)]))).toBe('3205920102');
  expect(hex(encodeReject(9, 'late'))).toBe('330901');
});

const frame = fc.record({
  tick: fc.integer({ min: 2, max: 2 ** 40 }),
  baseTick: fc.integer({ min: 0, max: 1 }),
  newestInput: fc.nat(),
  inputBuffer: fc.integer({ min: 0, max: 255 }),
  cells: fc.array(
    fc.record({
      cell: fc.nat(5000),
      kind: fc.constantFrom(...CELL_KINDS),
      chunk: fc.uint8Array({ maxLength: 20 }),
    }),
    { maxLength: 5 },
  ),
});

test('[T2] frames come out as they went in', () => {
  const writer = new Writer();
  fc.assert(
    fc.property(frame, ({ cells, ...header }) => {
      const decoded = decodeFrame(behind(encodeFrame(writer, header, cells), KIND.frame));
      const empty = new Uint8Array(0);
      expect(decoded).toEqual({
        ...header,
        cells: cells.map((cell) => (cell.kind === 'leave' ? { ...cell, chunk: empty } : cell)),
        tail: empty,
      });
    }),
  );
});

test('[N1] damaged frames are refused with a Fault or read as another frame', () => {
  fc.assert(
    fc.property(frame, fc.nat(), fc.boolean(), ({ cells, ...header }, where, cut) => {
      let bytes = encodeFrame(new Writer(), header, cells);
      if (cut) bytes = bytes.subarray(0, Math.max(1, where % bytes.length));
      else bytes[1 + ((where >> 3) % (bytes.length - 1))]! ^= 1 << (where & 7);
      try {
        const decoded = decodeFrame(behind(bytes, KIND.frame));
        expect(cut).toBe(false);
        expect(decoded.cells.length).toBeLessThanOrEqual(bytes.length);
      } catch (error) {
        expect(isFault(error)).toBe(true);
      }
    }),
    { numRuns: 500 },
  );
});

test('[N1] random bytes end in a Fault or a value', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      for (const decode of [decodeFrame, decodeEvents, decodeReject]) {
        try {
          decode(new Reader(bytes));
        } catch (error) {
          expect(isFault(error)).toBe(true);
        }
      }
    }),
    { numRuns: 500 },
  );
});

test('[T4] every reason to reject has a code', () => {
  for (const reject of REJECTS) {
    expect(decodeReject(behind(encodeReject(12, reject), KIND.reject))).toEqual({ inputTick: 12, reject });
  }
  expect(() => decodeReject(new Reader(Uint8Array.of(1, 0)))).toThrow('unknown reject');
});

test('many events are one MessagePack list', () => {
  const one = encodeEvents(1, new Array(20).fill(Uint8Array.of(0xc0)));
  expect(hex(one)).toBe(`3201dd00000014${'c0'.repeat(20)}`);
  expect(decodeEvents(behind(one, KIND.events)).list.length).toBe(25);
});

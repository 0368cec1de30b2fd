import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Reader } from '../../src/base/bytes.ts';
import { isFault } from '../../src/base/fault.ts';
import { contentOf } from '../../src/base/parcel.ts';
import { CellReplica } from './cell-replica.ts';
import { chunkLayouts } from './chunk-layout.ts';
import { c } from './components.ts';
import { FrameBody } from './frame-body.ts';
import { decodeFrameHeader, MAX_BACK } from './frame-header.ts';
import { FrameWriter } from './frame-writer.ts';
import {
  decodeEvents,
  decodeReject,
  decodeResync,
  encodeEvents,
  encodeLeave,
  encodeMessage,
  encodeReject,
  encodeResync,
  KIND,
  REJECTS,
} from './frames.ts';
import { TextPool } from './text-pool.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
/** A reader behind the kind, as the dispatchers leave it. */
function behind(payload: Uint8Array, kind: number): Reader {
  const reader = new Reader(payload);
  expect(reader.u8()).toBe(kind);
  return reader;
}

test('the bytes of every frame', () => {
  expect(hex(encodeMessage(Uint8Array.of(0xc0)))).toBe('22c0');
  expect(hex(encodeResync(7))).toBe('230a');
  expect(hex(encodeResync('owner'))).toBe('2301');
  expect(hex(encodeLeave())).toBe('24');
  expect(hex(encodeEvents(5, [Uint8Array.of(0x01), Uint8Array.of(0x02)]))).toBe('3205920102');
  expect(hex(encodeReject(9, 'late'))).toBe('330901');
});

test('what is asked for again comes out as it went in', () => {
  for (const stream of ['seen', 'owner', 'team', 0, 1, 2 ** 31 - 1] as const) {
    expect(decodeResync(behind(encodeResync(stream), KIND.resync))).toBe(stream);
  }
});

const head = fc
  .record({
    base: fc.nat(),
    baseTick: fc.nat(),
    frames: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 300 })),
    ticks: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 2000 })),
    newestInput: fc.nat(),
    waiting: fc.integer({ min: 0, max: 15 }),
  })
  .map(({ frames, ticks, base, baseTick, ...rest }) => ({
    ...rest,
    base,
    baseTick: base === 0 ? 0 : baseTick,
    frame: base + frames,
    tick: (base === 0 ? 0 : baseTick) + ticks,
  }));

test('[T2] heads come out as they went in', () => {
  const writer = new FrameWriter(new TextPool(0), 1);
  fc.assert(
    fc.property(head, (header) => {
      const bytes = contentOf(writer.write({ head: header, places: [], body: new FrameBody() }));
      const last = { frame: header.base, tick: header.baseTick };
      expect(decodeFrameHeader(behind(bytes, KIND.frame), last, 1)).toMatchObject(header);
    }),
  );
});

test('[T2] a frame that builds on another than the last one is refused', () => {
  const writer = new FrameWriter(new TextPool(0), 1);
  const body = new FrameBody();
  const from = (base: number, frame: number) => {
    const header = { frame, tick: frame, base, baseTick: base, newestInput: 0, waiting: 0 };
    return behind(contentOf(writer.write({ head: header, places: [], body })), KIND.frame);
  };
  expect(() => decodeFrameHeader(from(4, 5), { frame: 0, tick: 0 }, 1)).toThrow('never came');
  expect(() => decodeFrameHeader(from(4, 5 + MAX_BACK), { frame: 4, tick: 4 }, 1)).toThrow('never came');
  expect(() => decodeFrameHeader(from(0, 5), { frame: 5, tick: 5 }, 1)).toThrow('out of order');
  expect(decodeFrameHeader(from(0, 6), { frame: 5, tick: 5 }, 1).frame).toBe(6);
});

test('[N1] random bytes end in a Fault or a value', () => {
  const layouts = chunkLayouts({ x: c.scalar({ min: 0, max: 9, step: 1 }), name: c.string() }, 100);
  const apply = (reader: Reader) =>
    new CellReplica(layouts, { maxEntities: 100, everyTicks: 1 }).apply(reader);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      for (const decode of [apply, decodeEvents, decodeReject, decodeResync]) {
        try {
          decode(new Reader(bytes));
        } catch (error) {
          expect(isFault(error), String(error)).toBe(true);
        }
      }
    }),
    { numRuns: 1000 },
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

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SmallFrames } from './small-frames.ts';

interface Sent {
  /** The first byte. */
  readonly head: number;
  readonly payload: Uint8Array;
  readonly mask: readonly number[];
}

const BINARY = 0x82;
const TEXT = 0x81;
const [PART, PING, CLOSE] = [0x02, 0x89, 0x88];

/** As a client writes it (RFC 6455, section 5.2). */
function frame({ head, payload, mask }: Sent): Uint8Array {
  const { length } = payload;
  const extra =
    length < 126 ? [] : length < 65536 ? [length >> 8, length & 255] : [0, 0, 0, 0, 0, 1, 0, length & 255];
  const first = 0x80 | (length < 126 ? length : length < 65536 ? 126 : 127);
  return Uint8Array.of(head, first, ...extra, ...mask, ...payload.map((byte, i) => byte ^ mask[i & 3]!));
}

/** What becomes of the bytes: messages that were taken, as texts, and bytes for `ws`. */
function read(chunks: readonly Uint8Array[]) {
  const events: (string | Buffer)[] = [];
  let handedOver = false;
  const small = new SmallFrames({
    message: (payload) => events.push(Buffer.from(payload).toString('hex')),
    pass: (bytes) => events.push(Buffer.from(bytes)),
    handOver(bytes) {
      handedOver = true;
      events.push(Buffer.from(bytes));
    },
  });
  for (const chunk of chunks) {
    if (handedOver) events.push(Buffer.from(chunk));
    else small.take(Buffer.from(chunk));
  }
  return { events, handedOver };
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const mask = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255));
const sized = (maxLength: number) => fc.uint8Array({ maxLength, size: 'max' });
const plain = fc.record({ head: fc.constantFrom(BINARY, BINARY, TEXT), payload: sized(300), mask });
const any = fc.oneof(
  { weight: 8, arbitrary: plain },
  {
    weight: 1,
    arbitrary: fc.record({ head: fc.constantFrom(PART, PING, CLOSE, 0xc2), payload: sized(20), mask }),
  },
);
const cuts = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 30 });

function cut(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length]!;
    chunks.push(bytes.slice(at, at + size));
    at += size;
  }
  return chunks;
}

test('[N1] however the bytes are cut: each message once and in order, and `ws` gets whole frames of all others', () => {
  fc.assert(
    fc.property(fc.array(any, { maxLength: 20 }), cuts, (sent, sizes) => {
      const frames = sent.map(frame);
      const { events } = read(cut(Buffer.concat(frames), sizes));
      let at = 0;
      for (const [i, bytes] of frames.entries()) {
        const { head, payload } = sent[i]!;
        if (events[at] === hex(payload) && head === BINARY && payload.length < 126) {
          at++;
          continue;
        }
        // Passed on, in one part or in several; what was handed over goes on without an end.
        let rest: Buffer = Buffer.from(bytes);
        while (rest.length > 0) {
          const part = events[at] as Buffer;
          const length = Math.min(part.length, rest.length);
          expect(hex(part.subarray(0, length))).toBe(hex(rest.subarray(0, length)));
          rest = rest.subarray(length);
          if (length === part.length) at++;
          else events[at] = part.subarray(length);
        }
      }
      expect(at).toBe(events.length);
    }),
    { numRuns: 500 },
  );
});

test('whole small messages are taken, also behind others in the same bytes', () => {
  const of = (head: number, length: number) =>
    frame({ head, payload: new Uint8Array(length).fill(7), mask: [1, 2, 3, 4] });
  const chunk = Buffer.concat([
    of(BINARY, 0),
    of(TEXT, 200),
    of(BINARY, 125),
    of(BINARY, 126),
    of(BINARY, 1),
  ]);
  const { events, handedOver } = read([chunk]);
  expect(events).toEqual([
    '',
    Buffer.from(of(TEXT, 200)),
    '07'.repeat(125),
    Buffer.from(of(BINARY, 126)),
    '07',
  ]);
  expect(handedOver).toBe(false);
});

test.each([
  ['a ping', frame({ head: PING, payload: new Uint8Array(0), mask: [1, 2, 3, 4] })],
  ['a close', frame({ head: CLOSE, payload: Uint8Array.of(3, 0xe8), mask: [1, 2, 3, 4] })],
  ['the first part of a message', frame({ head: PART, payload: new Uint8Array(3), mask: [1, 2, 3, 4] })],
  ['a reserved bit', frame({ head: 0xc2, payload: new Uint8Array(3), mask: [1, 2, 3, 4] })],
  ['a frame without a mask', Uint8Array.of(BINARY, 3, 1, 2, 3)],
  ['more than 64 KiB', frame({ head: BINARY, payload: new Uint8Array(65537), mask: [1, 2, 3, 4] })],
  ['half a head', Uint8Array.of(BINARY)],
])('after %s all is left to `ws`', (_, bytes) => {
  const small = frame({ head: BINARY, payload: Uint8Array.of(5), mask: [9, 8, 7, 6] });
  const { events, handedOver } = read([Buffer.concat([small, bytes]), small]);
  expect(events).toEqual(['05', Buffer.from(bytes), Buffer.from(small)]);
  expect(handedOver).toBe(true);
});

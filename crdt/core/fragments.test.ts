import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Fault } from '../../src/base/fault.ts';
import { Assembler, fragmentAt } from './fragments.ts';
import { FRAGMENT_BYTES } from './frame-limits.ts';
import { decodeUp, encodeUp } from './up-frame.ts';

const LIMITS = { maxBytes: 5 * FRAGMENT_BYTES, maxStreams: 2 };
const pattern = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 31) % 251);

function codeOf(task: () => unknown): string {
  try {
    task();
  } catch (error) {
    if (error instanceof Fault) return error.code;
    throw error;
  }
  return 'none';
}

test('a frame of any size is put together again, over the wire', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: LIMITS.maxBytes }), (length) => {
      const assembler = new Assembler(LIMITS);
      const frame = pattern(length);
      let whole: Uint8Array | null = null;
      for (let offset = 0; offset < length; offset += FRAGMENT_BYTES) {
        expect(whole).toBeNull();
        const sent = decodeUp(encodeUp({ kind: 'fragment', ...fragmentAt(frame, 7, offset) }));
        if (sent.kind === 'fragment') whole = assembler.add(sent);
      }
      expect(whole).toEqual(frame);
      expect(assembler.heldBytes).toBe(0);
    }),
    { numRuns: 20 },
  );
});

test('[D3] the total is checked before anything is kept', () => {
  const assembler = new Assembler(LIMITS);
  const bytes = pattern(FRAGMENT_BYTES);
  const begin = (stream: number, total: number) => () => assembler.add({ stream, total, offset: 0, bytes });
  expect(codeOf(begin(1, LIMITS.maxBytes + 1))).toBe('too_large');
  expect(assembler.heldBytes).toBe(0);
  expect(codeOf(begin(1, LIMITS.maxBytes))).toBe('none');
  expect(codeOf(begin(2, LIMITS.maxBytes))).toBe('none');
  expect(codeOf(begin(3, LIMITS.maxBytes))).toBe('too_large');
});

test('[D3] pieces out of order, of another total or of no frame are refused', () => {
  const frame = pattern(3 * FRAGMENT_BYTES);
  const started = () => {
    const assembler = new Assembler(LIMITS);
    assembler.add(fragmentAt(frame, 1, 0));
    return assembler;
  };
  expect(codeOf(() => started().add(fragmentAt(frame, 1, 0)))).toBe('bad_message');
  expect(codeOf(() => started().add(fragmentAt(frame, 1, 2 * FRAGMENT_BYTES)))).toBe('bad_message');
  expect(codeOf(() => started().add(fragmentAt(frame, 2, FRAGMENT_BYTES)))).toBe('bad_message');
  const longer = fragmentAt(pattern(4 * FRAGMENT_BYTES), 1, FRAGMENT_BYTES);
  expect(codeOf(() => started().add(longer))).toBe('bad_message');
});

test('[D3] a piece that is not full, unless it is the last, is no piece', () => {
  const piece = fragmentAt(pattern(2 * FRAGMENT_BYTES), 1, 0);
  const short = encodeUp({ kind: 'fragment', ...piece, bytes: piece.bytes.subarray(1) });
  expect(codeOf(() => decodeUp(short))).toBe('bad_message');
});

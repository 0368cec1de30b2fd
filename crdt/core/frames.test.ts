import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CODES, type Code } from '../../src/base/codes.ts';
import { Fault } from '../../src/base/fault.ts';
import { type DocDown, decodeDown, encodeDown, type JoinKind } from './down-frame.ts';
import { FRAGMENT_BYTES, MAX_ASK_BYTES, MAX_AWARENESS_STATES, MAX_VECTOR_BYTES } from './frame-limits.ts';
import { type DocUp, decodeUp, encodeUp, NO_WANTS } from './up-frame.ts';

const bytes = fc.uint8Array({ maxLength: 200 });
const n = fc.nat(2 ** 31);
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const text = fc.string({ unit: 'grapheme', maxLength: 20 });
const fragment = fc
  .record({
    kind: fc.constant('fragment' as const),
    stream: n,
    bytes: fc.uint8Array({ minLength: 1, maxLength: 99 }),
  })
  .map(({ kind, stream, bytes: last }) => ({
    kind,
    stream,
    total: FRAGMENT_BYTES + last.length,
    offset: FRAGMENT_BYTES,
    bytes: last,
  }));

const wants = fc.record({ lazy: fc.boolean(), spare: fc.boolean() });
const up: fc.Arbitrary<DocUp> = fc.oneof(
  fc.record({ kind: fc.constant('join' as const), lease: u64, wants, epoch: text, vv: bytes }),
  fc.record({ kind: fc.constant('push' as const), n, bytes }),
  fc.record({ kind: fc.constant('resync' as const), vv: bytes }),
  fc.record({ kind: fc.constant('awareness' as const), state: text }),
  fc.record({ kind: fc.constant('ask' as const), id: n, json: text }),
  fragment,
);
const permission = fc.constantFrom('read' as const, 'write' as const);
const name = fc.option(text);
const down: fc.Arbitrary<DocDown> = fc.oneof(
  fc.record({
    kind: fc.constant('joined' as const),
    permission,
    epoch: text,
    rev: n,
    peer: u64,
    spare: u64,
    vv: bytes,
    mode: fc.constantFrom<JoinKind>('none', 'delta', 'snapshot', 'reset', 'shallow'),
    bytes,
    tail: bytes,
  }),
  fc.record({ kind: fc.constant('update' as const), rev: n, revs: n, bytes }),
  fc.record({
    kind: fc.constant('ack' as const),
    n,
    level: fc.constantFrom('received' as const, 'durable' as const),
  }),
  fc.record({
    kind: fc.constant('refuse' as const),
    n,
    code: fc.constantFrom(...(Object.keys(CODES) as Code[])),
    retry: fc.constantFrom('never' as const, 'now' as const, 'after_auth' as const, 'backoff' as const),
  }),
  fc.constant({ kind: 'lagging' as const }),
  fc.record({ kind: fc.constant('permission' as const), permission }),
  fc.record({
    kind: fc.constant('awareness' as const),
    states: fc.array(fc.record({ key: n, userId: name, name, state: text }), { maxLength: 5 }),
  }),
  fc.record({ kind: fc.constant('told' as const), id: n, ok: fc.boolean(), json: text }),
  fragment,
);

/** Decodes, or says which Fault; anything else thrown is a bug. */
function attempt(decode: () => unknown): unknown {
  try {
    return decode();
  } catch (error) {
    expect(error).toBeInstanceOf(Fault);
    return (error as Fault).code;
  }
}

test('every frame comes back as it was', () => {
  fc.assert(
    fc.property(up, (frame) => {
      expect(decodeUp(encodeUp(frame))).toEqual(frame);
    }),
  );
  fc.assert(
    fc.property(down, (frame) => {
      expect(decodeDown(encodeDown(frame))).toEqual(frame);
    }),
  );
});

test('[D3] truncated, bit-flipped and random frames decode or throw a typed fault', () => {
  const damage = (encoded: Uint8Array, cut: number, flip: number) => {
    const part = encoded.slice(0, cut % (encoded.length + 1));
    const flipped = encoded.slice();
    flipped[(flip >> 3) % encoded.length]! ^= 1 << (flip & 7);
    return [part, flipped];
  };
  fc.assert(
    fc.property(up, down, fc.nat(), fc.nat(), (a, b, cut, flip) => {
      for (const piece of damage(encodeUp(a), cut, flip)) attempt(() => decodeUp(piece));
      for (const piece of damage(encodeDown(b), cut, flip)) attempt(() => decodeDown(piece));
    }),
    { numRuns: 500 },
  );
  fc.assert(
    fc.property(bytes, (noise) => {
      attempt(() => decodeUp(noise));
      attempt(() => decodeDown(noise));
    }),
    { numRuns: 1000 },
  );
});

test('limits of single fields hold at their edge', () => {
  const join = (size: number): DocUp => ({
    kind: 'join',
    lease: 0n,
    wants: NO_WANTS,
    epoch: '',
    vv: new Uint8Array(size),
  });
  expect(decodeUp(encodeUp(join(MAX_VECTOR_BYTES)))).toEqual(join(MAX_VECTOR_BYTES));
  expect(attempt(() => decodeUp(encodeUp(join(MAX_VECTOR_BYTES + 1))))).toBe('too_large');
  const ask = (size: number): DocUp => ({ kind: 'ask', id: 1, json: 'x'.repeat(size) });
  expect(decodeUp(encodeUp(ask(MAX_ASK_BYTES)))).toEqual(ask(MAX_ASK_BYTES));
  expect(attempt(() => decodeUp(encodeUp(ask(MAX_ASK_BYTES + 1))))).toBe('too_large');
  const states = (count: number): DocDown => ({
    kind: 'awareness',
    states: Array.from({ length: count }, (_, key) => ({ key, userId: null, name: '', state: '1' })),
  });
  expect(decodeDown(encodeDown(states(MAX_AWARENESS_STATES)))).toEqual(states(MAX_AWARENESS_STATES));
  expect(attempt(() => decodeDown(encodeDown(states(MAX_AWARENESS_STATES + 1))))).toBe('too_large');
});

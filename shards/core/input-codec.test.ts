import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isFault } from '../../src/base/fault.ts';
import { c } from './components.ts';
import { KIND } from './frames.ts';
import { InputDecoder, InputEncoder } from './input-codec.ts';
import { RecordType } from './record-type.ts';

const type = new RecordType({
  move: c.vec2({ min: -1, max: 1, step: 0.02 }),
  fire: c.bool(),
  say: c.string({ maxBytes: 4 }),
});

/** One for all frames, as in a shard: what a frame leaves behind must not matter to the next one. */
const decoder = new InputDecoder(type.lanes);

function encoded(moves: readonly number[], firstTick: number) {
  const table = type.table(moves.length + 1);
  moves.forEach((x, i) => {
    table.at(i).move = { x, y: -x };
    table.at(i).fire = x > 0;
    table.at(i).say = x > 0.5 ? 'yes' : '';
  });
  const header = { ackTick: 7, firstTick, count: moves.length };
  return { table, payload: new InputEncoder().encode(header, table, (tick) => tick - firstTick) };
}

function decoded(payload: Uint8Array) {
  const { ackTick, firstTick, count } = open(payload);
  const into = type.table(1);
  const inputs: { tick: number; x: number; fire: boolean; say: string }[] = [];
  for (let tick = firstTick; inputs.length < count; tick++) {
    decoder.next();
    decoder.record.copyTo(into, 0);
    const { move, fire, say } = into.at(0);
    inputs.push({ tick, x: move.x, fire, say });
  }
  decoder.end();
  return { header: { ackTick, firstTick, count }, inputs };
}

function open(payload: Uint8Array): InputDecoder {
  expect(payload[0]).toBe(KIND.input);
  decoder.open(payload);
  return decoder;
}

test('inputs come out quantized, tick by tick', () => {
  const { header, inputs } = decoded(encoded([0.5, -1, 0.99], 40).payload);
  expect(header).toEqual({ ackTick: 7, firstTick: 40, count: 3 });
  expect(inputs).toEqual([
    { tick: 40, x: 0.5, fire: true, say: '' },
    { tick: 41, x: -1, fire: false, say: '' },
    { tick: 42, x: 1, fire: true, say: 'yes' },
  ]);
});

test('a small input takes few bytes', () => {
  expect(encoded([0, 0, 0], 1000).payload.length).toBe(1 + 1 + 2 + 1 + 7);
});

test('[N1] damaged inputs are a Fault or inputs in range', () => {
  const moves = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(moves, fc.nat(), fc.boolean(), (xs, where, cut) => {
      let { payload } = encoded(xs, 5);
      if (cut) payload = payload.subarray(0, Math.max(1, where % payload.length));
      else payload[1 + ((where >> 3) % (payload.length - 1))]! ^= 1 << (where & 7);
      try {
        const { inputs } = decoded(payload);
        for (const { x } of inputs) expect(Math.abs(x)).toBeLessThanOrEqual(1);
      } catch (error) {
        expect(isFault(error)).toBe(true);
      }
    }),
    { numRuns: 500 },
  );
});

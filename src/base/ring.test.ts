import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Ring } from './ring.ts';

test('first in, first out; a full ring says so and keeps what it has', () => {
  const ring = new Ring<string>(2);
  expect([ring.push('a'), ring.push('b'), ring.push('c')]).toEqual([true, true, false]);
  expect([ring.at(0), ring.at(1), ring.at(2)]).toEqual(['a', 'b', undefined]);
  expect([ring.shift(), ring.shift(), ring.shift()]).toEqual(['a', 'b', undefined]);
  expect([ring.size, ring.capacity]).toEqual([0, 2]);
});

test('a ring of nothing is always full', () => {
  const ring = new Ring<string>(0);
  expect([ring.push('a'), ring.shift(), ring.at(0)]).toEqual([false, undefined, undefined]);
});

test('it behaves as a bounded list', () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('push' as const), value: fc.nat() }),
    fc.record({ do: fc.constant('shift' as const) }),
    fc.record({ do: fc.constant('clear' as const) }),
  );
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.array(step, { maxLength: 50 }), (capacity, steps) => {
      const ring = new Ring<number>(capacity);
      let model: number[] = [];
      for (const one of steps) {
        if (one.do === 'push') {
          expect(ring.push(one.value)).toBe(model.length < capacity);
          if (model.length < capacity) model.push(one.value);
        } else if (one.do === 'shift') {
          expect(ring.shift()).toBe(model.shift());
        } else {
          ring.clear();
          model = [];
        }
        expect(Array.from({ length: ring.size }, (_, i) => ring.at(i))).toEqual(model);
      }
    }),
  );
});

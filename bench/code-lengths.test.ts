import fc from 'fast-check';
import { expect, test } from 'vitest';
import { codeLengths } from './code-lengths.ts';

/** The cost of the best code without a limit: Huffman's, by merging the two lightest. */
function huffmanCost(weights: readonly number[]): number {
  const heap = [...weights];
  let cost = 0;
  while (heap.length > 1) {
    heap.sort((a, b) => b - a);
    const merged = heap.pop()! + heap.pop()!;
    cost += merged;
    heap.push(merged);
  }
  return cost;
}

const weights = fc.array(fc.integer({ min: 1, max: 10_000 }), { minLength: 2, maxLength: 33 });

test('lengths fill the space of codes and none is too long', () => {
  fc.assert(
    fc.property(weights, fc.integer({ min: 6, max: 14 }), (list, maxBits) => {
      const lengths = codeLengths(list, maxBits);
      expect(Math.max(...lengths)).toBeLessThanOrEqual(maxBits);
      expect(lengths.reduce((sum, length) => sum + 2 ** -length, 0)).toBe(1);
    }),
  );
});

test('where the limit does not bind, the code is as good as that of Huffman', () => {
  fc.assert(
    fc.property(weights, (list) => {
      const lengths = codeLengths(list, 32);
      expect(lengths.reduce((sum, length, i) => sum + length * list[i]!, 0)).toBe(huffmanCost(list));
    }),
  );
});

test('a limit that binds costs little', () => {
  expect(codeLengths([1, 1, 2, 4, 8, 16, 32], 4)).toEqual([4, 4, 4, 4, 3, 3, 1]);
  expect(() => codeLengths([1, 1, 1], 1)).toThrow('3 codes of 1 bits');
});

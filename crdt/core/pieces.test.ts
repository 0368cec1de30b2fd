import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Pieces } from './pieces.ts';

test('what is cut of pieces is what is cut of the whole', () => {
  const bytes = fc.uint8Array({ maxLength: 20 });
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: 5 }), fc.nat(110), fc.nat(110), (parts, start, length) => {
      const whole = new Uint8Array(parts.flatMap((part) => [...part]));
      const pieces = new Pieces(...parts);
      expect(pieces.length).toBe(whole.length);
      expect([...pieces.cut(start, start + length)]).toEqual([...whole.subarray(start, start + length)]);
    }),
  );
});

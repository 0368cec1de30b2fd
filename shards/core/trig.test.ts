import { expect, test } from 'vitest';
import { cos, sin } from './trig.ts';

test('agrees with the mathematical functions', () => {
  for (let x = -1000; x < 1000; x += 0.37) {
    expect(Math.abs(sin(x) - Math.sin(x))).toBeLessThan(2e-13);
    expect(Math.abs(cos(x) - Math.cos(x))).toBeLessThan(2e-13);
  }
  expect([sin(0), cos(0), sin(Math.PI / 2)]).toEqual([0, 1, 1]);
});

test('[T1] every engine gives these very bits', () => {
  const view = new DataView(new ArrayBuffer(8));
  let mixed = 0n;
  for (let i = 0; i < 2000; i++) {
    view.setFloat64(0, sin(i * 0.7 - 700) + cos(i * 1.3));
    mixed = ((mixed * 31n) ^ view.getBigUint64(0)) & 0xffffffffffffffffn;
  }
  expect(mixed.toString(16)).toMatchInlineSnapshot(`"1b2852a952de6bf3"`);
});

import { LoroDoc } from 'loro-crdt';
import { expect, test } from 'vitest';
import { simEnv } from '../../../src/testing/sim-env.ts';
import { forged, sumsOf } from './forged.ts';
import { xxh32 } from './xxh32.ts';

test('xxHash32 gives the values of its specification', () => {
  const of = (text: string) => xxh32(new TextEncoder().encode(text), 0).toString(16);
  expect(of('')).toBe('2cc5d05');
  expect(of('abc')).toBe('32d153ff');
  expect(of('Nobody inspects the spammish repetition')).toBe('e2293b2f');
});

test('an export of Loro carries the sum that we think it does, and so does a forged one', () => {
  const doc = new LoroDoc();
  doc.getText('body').insert(0, 'hello');
  doc.commit();
  const { random } = simEnv();
  for (const mode of ['update', 'snapshot'] as const) {
    const bytes = doc.export({ mode });
    for (const some of [bytes, forged(bytes, random, 3)]) {
      const { said, right } = sumsOf(some);
      expect(said).toBe(right);
    }
  }
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { KnownTexts } from './known-texts.ts';
import { Text } from './text.ts';
import { TextBook } from './text-book.ts';
import { TextPool } from './text-pool.ts';

const PLACE_BITS = 5;
/** What a frame may name anew: less than half of the places, and a quarter of what is older. */
const frames = fc.array(fc.array(fc.nat(40), { maxLength: 12 }), { maxLength: 40 });
const text = (n: number) => Text.of(`text ${n}`, 64);

test('[T2] what a frame names stays in its place until the frame is made', () => {
  fc.assert(
    fc.property(frames, (list) => {
      const pool = new TextPool(PLACE_BITS);
      for (const named of list) {
        const places = named.map((n) => pool.placeOf(text(n)));
        for (const [i, place] of places.entries()) expect(pool.at(place).value).toBe(`text ${named[i]}`);
      }
    }),
  );
});

test('[T2] who was told each place that he had yet to know reads every text, whichever frames he gets', () => {
  const got = fc.array(fc.boolean(), { minLength: 40, maxLength: 40 });
  fc.assert(
    fc.property(frames, got, (list, reached) => {
      const pool = new TextPool(PLACE_BITS);
      const known = new KnownTexts(pool);
      const book = new TextBook(PLACE_BITS);
      for (const [i, named] of list.entries()) {
        const places = named.map((n) => pool.placeOf(text(n)));
        if (!reached[i]) continue; // no frame is made for him
        const told = places.filter((place) => known.add(place));
        for (const place of told) book.set(place, pool.at(place));
        for (const [n, place] of places.entries()) expect(book.at(place).value).toBe(`text ${named[n]}`);
      }
    }),
  );
});

test('a text keeps its place, and is told once', () => {
  const pool = new TextPool(PLACE_BITS);
  const known = new KnownTexts(pool);
  const place = pool.placeOf(text(1));
  expect(pool.placeOf(text(1))).toBe(place);
  expect([known.add(place), known.add(place)]).toEqual([true, false]);
  for (let n = 2; n < 8; n++) pool.placeOf(text(n));
  expect(pool.placeOf(text(1))).toBe(place);
});

test('a text that is older than a quarter of the places gets a new one', () => {
  const pool = new TextPool(PLACE_BITS);
  const place = pool.placeOf(text(0));
  const { added } = pool;
  for (let n = 1; n <= 9; n++) pool.placeOf(text(n));
  expect(pool.fresh(added)).toBe(false);
  expect(pool.placeOf(text(0))).not.toBe(place);
});

test('[N1] places that do not exist or were never told are refused', () => {
  const book = new TextBook(PLACE_BITS);
  expect(() => book.at(3)).toThrow('never told');
  expect(() => book.set(32, text(1))).toThrow('no such place');
});

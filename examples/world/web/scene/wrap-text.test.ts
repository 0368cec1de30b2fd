import { expect, test } from 'vitest';
import { wrapText } from './wrap-text.ts';

const fits = (line: string) => line.length <= 10;

test('lines break at spaces, and where the text breaks them', () => {
  expect(wrapText('meet at the\nfountain', fits)).toEqual(['meet at', 'the', 'fountain']);
  expect(wrapText('', fits)).toEqual(['']);
});

test('a word that is longer than a line is broken', () => {
  expect(wrapText('a Donaudampfschiff b', fits)).toEqual(['a', 'Donaudampf', 'schiff b']);
});

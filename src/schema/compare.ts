/**
 * One total order over field values: null < false < true < numbers < text < lists and objects (by their
 * canonical JSON). Text is ordered by code point, as SQLite's BINARY collation orders UTF-8. [Q3]
 */
import { canonicalJson, type Json } from '../base/json.ts';

export function compareValues(a: Json | undefined, b: Json | undefined): number {
  const rankA = rank(a);
  const rankB = rank(b);
  if (rankA !== rankB) return rankA - rankB;
  if (typeof a === 'string') return compareText(a, b as string);
  if (typeof a === 'object' && a !== null) return compareText(canonicalJson(a), canonicalJson(b));
  return Number(a) - Number(b) || 0;
}

function rank(value: Json | undefined): number {
  if (value === null || value === undefined) return 0;
  if (typeof value === 'boolean') return 1;
  if (typeof value === 'number') return 2;
  return typeof value === 'string' ? 3 : 4;
}

function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    let x = a.charCodeAt(i);
    let y = b.charCodeAt(i);
    if (x === y) continue;
    // UTF-16 puts surrogates (astral characters) before U+E000..U+FFFF; code points do not.
    if (x >= 0xd800 && y >= 0xd800) {
      x = x >= 0xe000 ? x - 0x800 : x + 0x2000;
      y = y >= 0xe000 ? y - 0x800 : y + 0x2000;
    }
    return x - y;
  }
  return a.length - b.length;
}

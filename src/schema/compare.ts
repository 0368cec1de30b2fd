/**
 * One total order over field values: null < false < true < numbers < text < lists and objects (by their
 * canonical JSON). Text is ordered by code point, as SQLite's BINARY collation orders UTF-8. Fields of two kinds
 * have an order of their own: bytes by what their text stands for, JSON by its canonical text. [Q3]
 */
import { compareBase64Url } from '../base/base64url.ts';
import { canonicalJson, type Json } from '../base/json.ts';
import type { FieldSpec } from './field.ts';

export function compareValues(a: Json | undefined, b: Json | undefined): number {
  const rankA = rank(a);
  const rankB = rank(b);
  if (rankA !== rankB) return rankA - rankB;
  if (typeof a === 'string') return compareText(a, b as string);
  if (typeof a === 'object' && a !== null) return compareText(canonicalJson(a), canonicalJson(b));
  return Number(a) - Number(b) || 0;
}

/** The order of two values of one field, which is that of its column (store/row-codec.ts). */
export function compareField(
  spec: Pick<FieldSpec, 'kind' | 'optional'> | undefined,
  a: Json | undefined,
  b: Json | undefined,
): number {
  if (spec?.kind === 'bytes' && typeof a === 'string' && typeof b === 'string') return compareBase64Url(a, b);
  if (spec?.kind !== 'json') return compareValues(a, b);
  const text = (value: Json | undefined) =>
    spec.optional && (value ?? null) === null ? null : canonicalJson(value);
  return compareValues(text(a), text(b));
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

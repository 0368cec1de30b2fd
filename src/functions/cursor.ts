/**
 * A place in the result of a query as opaque text: the values that the last row of a page is ordered by, and what
 * query it belongs to. It holds values of rows that the viewer was shown, and of no other. [S4] It goes on from
 * where that row stood, whatever has become of the row since. [Q5]
 */
import { decodeBase64Url, encodeBase64Url } from '../base/base64url.ts';
import { Fault } from '../base/fault.ts';
import { fnv1a64 } from '../base/hash.ts';
import { canonicalJson, type Json, type JsonObject } from '../base/json.ts';
import type { AnyEntity } from '../schema/define-schema.ts';
import { type QuerySpec, totalOrder } from '../schema/query-spec.ts';
import { MAX_CURSOR_CHARS } from '../schema/validator.ts';
import { isPlace } from '../store/conditions.ts';

/** Throws `too_large` when the values are too long. */
export function makeCursor(entity: AnyEntity, spec: QuerySpec, row: JsonObject): string {
  const values = totalOrder(spec).map(({ field }) => row[field] ?? null);
  const text = encodeBase64Url(new TextEncoder().encode(JSON.stringify([queryHash(spec), ...values])));
  if (text.length <= MAX_CURSOR_CHARS) return text;
  throw new Fault('too_large', `the values that ${entity.name} is ordered by do not fit into a cursor`);
}

/** The place, one value for each key of the order. Throws `invalid` for what this query did not give out. */
export function parseCursor(entity: AnyEntity, spec: QuerySpec, cursor: string): Json[] {
  const [hash, ...values] = readJson(cursor);
  if (hash === queryHash(spec) && isPlace(entity, totalOrder(spec), values)) return values;
  throw new Fault('invalid', 'the cursor is not one of this query');
}

function readJson(cursor: string): Json[] {
  if (cursor.length > MAX_CURSOR_CHARS) throw new Fault('invalid', 'the cursor is too long');
  const bytes = decodeBase64Url(cursor);
  try {
    const value: Json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}

/** Of the query without its limit. */
function queryHash({ limit: _, ...spec }: QuerySpec): string {
  return fnv1a64(canonicalJson(spec as Json));
}

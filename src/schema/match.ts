/** A QuerySpec on rows in memory. store/select.ts does the same in SQL. [Q3] */
import { type JsonObject, jsonEquals } from '../base/json.ts';
import { compareValues } from './compare.ts';
import type { QuerySpec } from './query-spec.ts';

export function matches(spec: QuerySpec, row: JsonObject): boolean {
  return Object.entries(spec.where ?? {}).every(([key, value]) => jsonEquals(row[key] ?? null, value));
}

export function compareRows(spec: QuerySpec, a: JsonObject, b: JsonObject): number {
  for (const { field, direction } of spec.orderBy ?? []) {
    const order = compareValues(a[field], b[field]);
    if (order !== 0) return direction === 'desc' ? -order : order;
  }
  return compareValues(a.id, b.id);
}

/** The rows that match, in order, cut at the limit. */
export function select(spec: QuerySpec, rows: Iterable<JsonObject>): JsonObject[] {
  const found: JsonObject[] = [];
  for (const row of rows) if (matches(spec, row)) found.push(row);
  found.sort((a, b) => compareRows(spec, a, b));
  return spec.limit === undefined ? found : found.slice(0, spec.limit);
}

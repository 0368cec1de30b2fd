/**
 * A QuerySpec on rows in memory. store/select.ts does the same in SQL. [Q3]
 * Both order a field by its kind, so give `fields` wherever the entity is known.
 */
import { type JsonObject, jsonEquals } from '../base/json.ts';
import { compareField, compareValues } from './compare.ts';
import type { EntityFields } from './entity.ts';
import { checkFilter, passes } from './filter.ts';
import type { QuerySpec } from './query-spec.ts';

/** A query with the fields of its entity. */
export interface TypedSpec extends QuerySpec {
  readonly fields?: EntityFields;
}

export function matches({ where, range, filter }: QuerySpec, row: JsonObject): boolean {
  for (const key in where) if (!jsonEquals(row[key] ?? null, where[key])) return false;
  return (!range || passes(range, row)) && (!filter || passes(filter, row));
}

export function compareRows(spec: TypedSpec, a: JsonObject, b: JsonObject): number {
  for (const { field, direction } of spec.orderBy ?? []) {
    const order = compareField(spec.fields?.[field]?.spec, a[field], b[field]);
    if (order !== 0) return direction === 'desc' ? -order : order;
  }
  return compareValues(a.id, b.id);
}

/** The rows that match, in order, cut at the limit. Throws `invalid` for a filter that does not fit `fields`. */
export function select(spec: TypedSpec, rows: Iterable<JsonObject>): JsonObject[] {
  const { fields, entity: name } = spec;
  if (fields && spec.range) checkFilter(spec.range, { name, fields });
  if (fields && spec.filter) checkFilter(spec.filter, { name, fields });
  const found: JsonObject[] = [];
  for (const row of rows) if (matches(spec, row)) found.push(row);
  found.sort((a, b) => compareRows(spec, a, b));
  return spec.limit === undefined ? found : found.slice(0, spec.limit);
}

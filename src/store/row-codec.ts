/** Rows as JSON to and from SQL values. JSON fields are text, booleans 0 and 1, the rest as they are. */
import type { Json, JsonObject } from '../base/json.ts';
import type { AnyEntity } from '../schema/define-schema.ts';
import type { FieldSpec } from '../schema/field.ts';
import type { SqlRow, SqlValue } from './sql-driver.ts';

export function toSql(spec: FieldSpec, value: Json | undefined): SqlValue {
  if (value === null || value === undefined) return null;
  if (spec.kind === 'json') return JSON.stringify(value);
  if (spec.kind === 'bool') return value ? 1 : 0;
  return value as string | number;
}

export function fromSql(spec: FieldSpec, value: SqlValue | undefined): Json {
  if (value === null || value === undefined) return null;
  if (spec.kind === 'json') return JSON.parse(String(value));
  if (spec.kind === 'bool') return value === 1;
  return value as string | number;
}

/** A row as the rest of Ternion sees it. Columns the schema does not know are left out. */
export function decodeRow(entity: AnyEntity, row: SqlRow): JsonObject {
  const decoded: JsonObject = { id: String(row.id) };
  for (const key in entity.fields) decoded[key] = fromSql(entity.fields[key]!.spec, row[key]);
  return decoded;
}

/**
 * Rows as JSON to and from SQL values. JSON fields are canonical text, so that equal values are equal in SQL;
 * bytes are BLOBs, booleans 0 and 1, the rest as they are. [Q3]
 */
import { decodeBase64Url, encodeBase64Url, isBase64Url } from '../base/base64url.ts';
import { canonicalJson, type Json, type JsonObject } from '../base/json.ts';
import type { AnyEntity } from '../schema/define-schema.ts';
import type { FieldSpec } from '../schema/field.ts';
import type { SqlRow, SqlValue } from './sql-driver.ts';

/** What the codec must know of a field. */
export type CodecSpec = Pick<FieldSpec, 'kind' | 'optional'>;

export function toSql(spec: CodecSpec, value: Json | undefined): SqlValue {
  // A JSON field that may not be absent may still hold the JSON null.
  if (spec.kind === 'json' && value === null && !spec.optional) return 'null';
  if (value === null || value === undefined) return null;
  if (spec.kind === 'json') return canonicalJson(value);
  if (spec.kind === 'bytes') return decodeBase64Url(String(value));
  if (spec.kind === 'bool') return value ? 1 : 0;
  return value as string | number;
}

export function fromSql(spec: CodecSpec, value: SqlValue | undefined): Json {
  if (value === null || value === undefined) return null;
  if (spec.kind === 'json') return JSON.parse(String(value));
  if (spec.kind === 'bool') return value === 1;
  if (spec.kind === 'bytes') return encodeBase64Url(value as Uint8Array);
  return value as string | number;
}

/** Whether a field of that kind can equal `value` at all. SQL would convert what does not fit; we do not. */
export function fitsColumn({ kind }: CodecSpec, value: Json): boolean {
  if (value === null || kind === 'json') return true;
  if (kind === 'bool') return typeof value === 'boolean';
  if (kind === 'int' || kind === 'float' || kind === 'datetime') return typeof value === 'number';
  return typeof value === 'string' && (kind !== 'bytes' || isBase64Url(value));
}

/** A row as the rest of Ternion sees it. Columns the schema does not know are left out. */
export function decodeRow(entity: AnyEntity, row: SqlRow): JsonObject {
  const decoded: JsonObject = { id: String(row.id) };
  for (const key in entity.fields) decoded[key] = fromSql(entity.fields[key]!.spec, row[key]);
  return decoded;
}

/**
 * Rows as JSON to and from SQL values. JSON fields are canonical text, so that equal values are equal in SQL;
 * bytes are BLOBs, booleans 0 and 1, the rest as they are. [Q3]
 */
import { decodeBase64Url, encodeBase64Url, isBase64Url } from '../base/base64url.ts';
import { Fault } from '../base/fault.ts';
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
  if (typeof value !== 'string') return false;
  return kind === 'bytes' ? isBase64Url(value) : !LONE_SURROGATE.test(value);
}

const ID_SPEC: CodecSpec = { kind: 'id' };
/** SQL would make another text of it. */
const LONE_SURROGATE = /\p{Cs}/u;

/** Of a field or of the id. Throws `invalid`: names come from outside, too. */
export function columnSpec(entity: AnyEntity, name: string): CodecSpec {
  if (name === 'id') return ID_SPEC;
  const field = Object.hasOwn(entity.fields, name) ? entity.fields[name] : undefined;
  if (!field) throw new Fault('invalid', `${entity.name} has no field ${JSON.stringify(name)}`);
  return field.spec;
}

/** A row as the rest of Ternion sees it. Columns the schema does not know are left out. */
export function decodeRow(entity: AnyEntity, row: SqlRow): JsonObject {
  const decoded: JsonObject = { id: String(row.id) };
  for (const key in entity.fields) decoded[key] = fromSql(entity.fields[key]!.spec, row[key]);
  return decoded;
}

/** How rows of an entity are read in number: as lists of these columns. */
export interface RowReader {
  /** What stands behind SELECT. */
  readonly columns: string;
  decode(row: readonly SqlValue[]): JsonObject;
}

/** Made once for each statement, which is little beside running it. */
export function rowReader(entity: AnyEntity): RowReader {
  const fields = Object.entries(entity.fields).map(([key, { spec }]) => {
    const converted = spec.kind === 'json' || spec.kind === 'bool' || spec.kind === 'bytes';
    return { key, spec: converted ? spec : undefined };
  });
  return {
    columns: ['id', ...fields.map(({ key }) => key)].map((key) => `"${entity.name}"."${key}"`).join(', '),
    decode(row) {
      const decoded: JsonObject = { id: row[0] as string };
      for (let i = 0; i < fields.length; ) {
        const { key, spec } = fields[i]!;
        const value = row[++i];
        decoded[key] = spec ? fromSql(spec, value) : (value as string | number | null);
      }
      return decoded;
    },
  };
}

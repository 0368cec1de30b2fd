/** Tables, columns and indexes as SQL, from the manifest of a schema. migrate.ts decides which of it is run. */
import type { Schema } from '../schema/define-schema.ts';
import type { FieldKind } from '../schema/field.ts';
import {
  buildManifest,
  type EntityManifest,
  type FieldManifest,
  type IndexManifest,
} from '../schema/manifest.ts';
import { toSql } from './row-codec.ts';
import type { SqlDriver, SqlValue } from './sql-driver.ts';

export const COLUMN_TYPES: Readonly<Record<FieldKind, string>> = {
  string: 'TEXT',
  enum: 'TEXT',
  id: 'TEXT',
  json: 'TEXT',
  richtext: 'TEXT',
  int: 'INTEGER',
  datetime: 'INTEGER',
  bool: 'INTEGER',
  float: 'REAL',
  bytes: 'BLOB',
};

/** A name as SQL text; names come from the schema and are letters, digits and underscores. */
export function quote(name: string): string {
  return `"${name}"`;
}

/** Makes all tables of a schema in a database that has none of them. */
export async function applySchema(driver: SqlDriver, schema: Schema): Promise<void> {
  for (const entity of buildManifest(schema).entities) {
    await driver.run(createTable(entity));
    for (const index of entity.indexes) await driver.run(createIndex(entity.name, index));
  }
}

/** `table`: another name than the entity's, while an older table still has that. */
export function createTable(entity: EntityManifest, table = entity.name): string {
  const columns = Object.entries(entity.fields).map(([name, field]) => column(name, field));
  return `CREATE TABLE ${quote(table)} (${['"id" TEXT PRIMARY KEY NOT NULL', ...columns].join(', ')}) STRICT`;
}

/** Only for fields that may be null or have a default. */
export function addColumn(entity: string, name: string, field: FieldManifest): string {
  return `ALTER TABLE ${quote(entity)} ADD COLUMN ${column(name, field)}`;
}

/** With the id at its end, an index gives rows in the order of a query: ties by id, and nothing is sorted. */
export function createIndex(entity: string, index: IndexManifest): string {
  const columns = [...index.fields, ...(index.unique ? [] : ['id'])].map(quote).join(', ');
  const kind = index.unique ? 'UNIQUE INDEX' : 'INDEX';
  return `CREATE ${kind} ${quote(indexName(entity, index.name))} ON ${quote(entity)} (${columns})`;
}

/** Indexes share one space of names in SQLite. */
export function indexName(entity: string, index: string): string {
  return `${entity}__${index}`;
}

/** The default of a field as an SQL literal. */
export function defaultLiteral(field: FieldManifest): string {
  return field.default === null ? 'NULL' : literal(toSql(field, field.default));
}

function column(name: string, field: FieldManifest): string {
  const fallback = field.default === null ? '' : ` DEFAULT ${defaultLiteral(field)}`;
  return `${quote(name)} ${COLUMN_TYPES[field.kind]}${field.optional ? '' : ' NOT NULL'}${fallback}`;
}

function literal(value: SqlValue): string {
  if (value instanceof Uint8Array) return `X'${Buffer.from(value).toString('hex')}'`;
  return typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value ?? 'NULL');
}

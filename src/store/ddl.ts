/**
 * Tables from the schema, made and widened at start. Columns that may be empty or have a default are added
 * to an existing table; anything else that differs stops the start with a message that says what.
 */
import { Fault } from '../base/fault.ts';
import type { AnyEntity, Schema } from '../schema/define-schema.ts';
import type { FieldKind, FieldSpec } from '../schema/field.ts';
import { toSql } from './row-codec.ts';
import type { SqlDriver, SqlValue } from './sql-driver.ts';

const COLUMN_TYPES: Record<FieldKind, string> = {
  string: 'TEXT',
  enum: 'TEXT',
  id: 'TEXT',
  json: 'TEXT',
  richtext: 'TEXT',
  int: 'INTEGER',
  datetime: 'INTEGER',
  bool: 'INTEGER',
  float: 'REAL',
};

/** A name as SQL text; names come from the schema and are letters, digits and underscores. */
export function quote(name: string): string {
  return `"${name}"`;
}

export async function applySchema(driver: SqlDriver, schema: Schema): Promise<void> {
  for (const entity of schema.entities) {
    const present = await driver.all(`PRAGMA table_info(${quote(entity.name)})`);
    if (present.length === 0) await createTable(driver, entity);
    else
      await widenTable(
        driver,
        entity,
        new Map(present.map((column) => [String(column.name), String(column.type)])),
      );
    await createIndexes(driver, entity);
  }
}

async function createTable(driver: SqlDriver, entity: AnyEntity): Promise<void> {
  const columns = Object.entries(entity.fields).map(([name, { spec }]) => column(name, spec));
  const all = ['"id" TEXT PRIMARY KEY NOT NULL', ...columns];
  await driver.run(`CREATE TABLE ${quote(entity.name)} (${all.join(', ')}) STRICT`);
}

async function widenTable(driver: SqlDriver, entity: AnyEntity, present: Map<string, string>): Promise<void> {
  for (const [name, { spec }] of Object.entries(entity.fields)) {
    const type = present.get(name);
    if (type === COLUMN_TYPES[spec.kind]) continue;
    if (type !== undefined) {
      throw new Fault(
        'invalid',
        `${entity.name}.${name} is ${type} in the database and ${COLUMN_TYPES[spec.kind]} in the schema`,
      );
    }
    if (!spec.optional && spec.default === undefined) {
      throw new Fault('invalid', `${entity.name}.${name} is new: give it a default or make it optional`);
    }
    await driver.run(`ALTER TABLE ${quote(entity.name)} ADD COLUMN ${column(name, spec)}`);
  }
}

async function createIndexes(driver: SqlDriver, entity: AnyEntity): Promise<void> {
  const unique = Object.entries(entity.fields)
    .filter(([, { spec }]) => spec.unique)
    .map(([name]) => ({ name: `unique_${name}`, fields: [name], unique: true }));
  for (const index of [...entity.indexes, ...unique]) {
    const columns = index.fields.map(quote).join(', ');
    const name = quote(`${entity.name}__${index.name}`);
    await driver.run(
      `CREATE ${index.unique ? 'UNIQUE ' : ''}INDEX IF NOT EXISTS ${name} ON ${quote(entity.name)} (${columns})`,
    );
  }
}

function column(name: string, spec: FieldSpec): string {
  const fallback = spec.default === undefined ? '' : ` DEFAULT ${literal(toSql(spec, spec.default))}`;
  return `${quote(name)} ${COLUMN_TYPES[spec.kind]}${spec.optional ? '' : ' NOT NULL'}${fallback}`;
}

function literal(value: SqlValue): string {
  return typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value ?? 'NULL');
}

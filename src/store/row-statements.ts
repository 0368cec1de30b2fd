/** The statements that write the rows of a schema, as text made once per entity. Used by Transaction. */
import type { JsonObject } from '../base/json.ts';
import type { AnyEntity, Schema } from '../schema/define-schema.ts';
import { quote } from './ddl.ts';
import { toSql } from './row-codec.ts';
import type { SqlValue } from './sql-driver.ts';

/** One statement and what is bound to it. */
export interface Statement {
  readonly sql: string;
  readonly params: readonly SqlValue[];
}

interface EntityStatements {
  readonly keys: readonly string[];
  readonly insert: string;
  readonly delete: string;
}

export class RowStatements {
  readonly #schema: Schema;
  readonly #made = new Map<string, EntityStatements>();

  constructor(schema: Schema) {
    this.#schema = schema;
    for (const entity of schema.entities) this.#made.set(entity.name, make(entity));
  }

  /** Throws `invalid` for a name that is not in the schema. */
  entity(name: string): AnyEntity {
    return this.#schema.entity(name);
  }

  /** `row` is whole and parsed. */
  insert(name: string, row: JsonObject): Statement {
    const { fields } = this.entity(name);
    const { keys, insert } = this.#made.get(name)!;
    const params: SqlValue[] = [String(row.id)];
    for (const key of keys) params.push(toSql(fields[key]!.spec, row[key]));
    return { sql: insert, params };
  }

  /** Writes the fields `keys` of `row`. */
  update(name: string, keys: readonly string[], row: JsonObject): Statement {
    const { fields } = this.entity(name);
    const params = keys.map((key) => toSql(fields[key]!.spec, row[key]));
    const sets = keys.map((key) => `${quote(key)} = ?`).join(', ');
    return { sql: `UPDATE ${quote(name)} SET ${sets} WHERE "id" = ?`, params: [...params, String(row.id)] };
  }

  delete(name: string, id: string): Statement {
    this.entity(name);
    return { sql: this.#made.get(name)!.delete, params: [id] };
  }
}

function make({ name, fields }: AnyEntity): EntityStatements {
  const keys = Object.keys(fields);
  const columns = ['id', ...keys].map(quote).join(', ');
  const marks = Array(keys.length + 1)
    .fill('?')
    .join(', ');
  return {
    keys,
    insert: `INSERT INTO ${quote(name)} (${columns}) VALUES (${marks})`,
    delete: `DELETE FROM ${quote(name)} WHERE "id" = ?`,
  };
}

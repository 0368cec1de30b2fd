/** The rows that other rows name, or that name them: one statement for all of one level of an include. */
import type { JsonObject } from '../base/json.ts';
import { ALL_ROWS, NO_ROWS, type SqlClause } from '../policy/to-sql.ts';
import type { AnyEntity } from '../schema/define-schema.ts';
import { quote } from './ddl.ts';
import { rowReader } from './row-codec.ts';
import { readRows } from './select.ts';
import type { SqlDriver } from './sql-driver.ts';

export interface Relation {
  readonly entity: string;
  /** What holds one of `values`: `id`, or a field of kind id. */
  readonly field: string;
  readonly values: readonly string[];
  /** So many rows for each value, in order of id; undefined: all. */
  readonly each?: { readonly take: number; readonly direction: 'asc' | 'desc' } | undefined;
  /** Rows for which it is not true are left out, and do not count. */
  readonly filter: SqlClause;
  readonly limit: number;
}

export async function selectRelated(
  driver: SqlDriver,
  entity: AnyEntity,
  relation: Relation,
): Promise<JsonObject[]> {
  const { field, values, each, filter, limit } = relation;
  if (filter === NO_ROWS || values.length === 0) return [];
  const table = quote(entity.name);
  const { columns } = rowReader(entity);
  const [column, id] = [`${table}.${quote(field)}`, `${table}."id"`];
  const clause = filter === ALL_ROWS ? '' : ` AND (${filter.sql})`;
  if (!each) {
    const sql = `SELECT ${columns} FROM ${table} WHERE ${column} IN (SELECT value FROM json_each(?))${clause} LIMIT ?`;
    return readRows(driver, entity, { sql, params: [JSON.stringify(values), ...filter.params, limit] });
  }
  const order = each.direction === 'desc' ? 'DESC' : 'ASC';
  // For each value of its own, so that SQLite holds `take` rows at a time and not all of them. Inside, the table
  // hides the one outside, so the filter is of the inner one.
  const own = `SELECT ${id} FROM ${table} WHERE ${column} = _of.value${clause} ORDER BY ${id} ${order} LIMIT ?`;
  const sql =
    `SELECT ${columns} FROM json_each(?) AS _of CROSS JOIN ${table} ` +
    `WHERE ${id} IN (${own}) ORDER BY _of.key, ${id} ${order} LIMIT ?`;
  const params = [JSON.stringify(values), ...filter.params, each.take, limit];
  return readRows(driver, entity, { sql, params });
}

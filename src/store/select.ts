/** QuerySpec to SQL. schema/match.ts does the same on rows in memory. [Q3] */
import type { JsonObject } from '../base/json.ts';
import { ALL_ROWS, NO_ROWS, type SqlClause } from '../policy/to-sql.ts';
import type { AnyEntity } from '../schema/define-schema.ts';
import { type QuerySpec, totalOrder } from '../schema/query-spec.ts';
import { every, filtered, indexed, orderSql } from './conditions.ts';
import { quote } from './ddl.ts';
import type { SqlCondition } from './filter-sql.ts';
import { decodeRow, rowReader } from './row-codec.ts';
import type { SqlDriver, SqlValue } from './sql-driver.ts';

/** Rows that one page looks at, at most, so that a viewer of few rows holds up nobody. */
export const PAGE_SCAN_ROWS = 5000;

/** A place in the order by id, from which a scan goes on. */
export interface PageOf {
  afterId: string;
  size: number;
  /** Rows for which it is not true are left out. */
  filter?: SqlClause;
}

export interface RowPage {
  readonly rows: JsonObject[];
  /** The next page's `afterId`; null after the last one. A page may hold no row and yet not be the last. */
  readonly next: string | null;
}

/** What is read: the spec's rows, without those for which `filter` is not true. */
export interface Selection {
  readonly entity: AnyEntity;
  readonly spec: QuerySpec;
  readonly filter?: SqlClause | undefined;
}

export async function selectRows(driver: SqlDriver, selection: Selection): Promise<JsonObject[]> {
  const { entity, spec, filter = ALL_ROWS } = selection;
  if (filter === NO_ROWS) return [];
  const { sql, params } = every(indexed(entity, spec), filtered(entity, spec, filter));
  const order = orderSql(entity, totalOrder(spec));
  const from = `SELECT ${rowReader(entity).columns} FROM ${quote(entity.name)}`;
  const text = `${from} WHERE ${sql} ORDER BY ${order} LIMIT ?`;
  return readRows(driver, entity, { sql: text, params: [...params, spec.limit ?? -1] });
}

/** Rows in order of id behind `afterId`. */
export async function selectPage(driver: SqlDriver, entity: AnyEntity, page: PageOf): Promise<RowPage> {
  const { afterId, size, filter = ALL_ROWS } = page;
  if (filter === NO_ROWS) return { rows: [], next: null };
  const table = quote(entity.name);
  // Where every row passes, the scan ends at `size` by itself.
  const [end] =
    filter === ALL_ROWS
      ? []
      : await driver.all(`SELECT "id" FROM ${table} WHERE "id" > ? ORDER BY "id" LIMIT 1 OFFSET ?`, [
          afterId,
          PAGE_SCAN_ROWS - 1,
        ]);
  const lastScanned = end ? String(end.id) : null;
  const scanned = `"id" > ?${lastScanned === null ? '' : ' AND "id" <= ?'}`;
  const from = `SELECT ${rowReader(entity).columns} FROM ${table}`;
  const sql = `${from} WHERE ${scanned} AND ${filter.sql} ORDER BY "id" LIMIT ?`;
  const bounds = lastScanned === null ? [afterId] : [afterId, lastScanned];
  const rows = await readRows(driver, entity, { sql, params: [...bounds, ...filter.params, size] });
  return { rows, next: rows.length === size ? String(rows.at(-1)!.id) : lastScanned };
}

/** Not async: it is what reads one row at a time wait for. */
export function selectById(driver: SqlDriver, entity: AnyEntity, id: string): Promise<JsonObject | null> {
  return driver
    .all(`SELECT * FROM "${entity.name}" WHERE "id" = ?`, [id])
    .then(([row]) => (row ? decodeRow(entity, row) : null));
}

/** Rows by a statement that selects the columns of `rowReader`. */
export async function readRows(
  driver: SqlDriver,
  entity: AnyEntity,
  { sql, params }: SqlCondition,
): Promise<JsonObject[]> {
  const { decode } = rowReader(entity);
  const rows: unknown[] = await driver.lists(sql, params);
  // In place: a thousand rows are not held twice.
  for (let i = 0; i < rows.length; i++) rows[i] = decode(rows[i] as SqlValue[]);
  return rows as JsonObject[];
}

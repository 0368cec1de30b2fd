/**
 * Reads that look at a bounded number of rows: a page from a place in the order on, and a count. Rows that the
 * filter or the policy leaves out are looked at too; where there are too many of them, that is a fault.
 */
import { Fault } from '../base/fault.ts';
import type { Json, JsonObject } from '../base/json.ts';
import { ALL_ROWS, NO_ROWS } from '../policy/to-sql.ts';
import type { AnyEntity } from '../schema/define-schema.ts';
import { totalOrder } from '../schema/query-spec.ts';
import { behind, every, filtered, indexed, notBehind, orderSql } from './conditions.ts';
import { quote } from './ddl.ts';
import type { SqlCondition } from './filter-sql.ts';
import { rowReader } from './row-codec.ts';
import { readRows, type Selection } from './select.ts';
import type { SqlDriver } from './sql-driver.ts';

/** Rows that one page or one count looks at, at most: those of its `where` and its range. */
export const MAX_SCAN_ROWS = 50_000;

export interface PageAfter {
  /** A value for each key of the order; null: from the beginning. */
  readonly after: readonly Json[] | null;
  /** The place of the last row that may be in the page; absent or null: to the end. */
  readonly upTo?: readonly Json[] | null;
  readonly size: number;
}

export interface ScanPage {
  readonly rows: JsonObject[];
  /** At least one row that is no part of this page comes behind it. */
  readonly more: boolean;
  /** The first of them that `filter` lets pass; absent when there are none. */
  readonly next?: JsonObject;
}

/** A page. Throws `too_large` when it is not full after MAX_SCAN_ROWS. */
export async function scanPage(driver: SqlDriver, scan: Selection & PageAfter): Promise<ScanPage> {
  const { entity, spec, filter = ALL_ROWS, after, upTo, size } = scan;
  if (filter === NO_ROWS) return { rows: [], more: false };
  const order = totalOrder(spec);
  const rest = every(
    indexed(entity, spec),
    ...(after ? [behind(entity, order, after)] : []),
    ...(upTo ? [notBehind(entity, order, upTo)] : []),
  );
  const keep = filtered(entity, spec, filter);
  const by = orderSql(entity, order);
  const table = quote(entity.name);
  // A few rows first: what is left out is seldom most of it.
  for (const window of [Math.min(4 * (size + 1), MAX_SCAN_ROWS), MAX_SCAN_ROWS]) {
    const near = `SELECT * FROM ${table} WHERE ${rest.sql} ORDER BY ${by} LIMIT ?`;
    const sql = `SELECT ${rowReader(entity).columns} FROM (${near}) AS ${table} WHERE ${keep.sql} ORDER BY ${by} LIMIT ?`;
    const params = [...rest.params, window, ...keep.params, size + 1];
    const rows = await readRows(driver, entity, { sql, params });
    if (rows.length > size) return { rows: rows.slice(0, size), more: true, next: rows[size]! };
    if (!(await holdsMore(driver, { entity, rest, than: window }))) return { rows, more: false };
  }
  throw tooMany(entity);
}

/** How many rows there are. Throws `too_large` when it would have to look at more than MAX_SCAN_ROWS. */
export async function countRows(driver: SqlDriver, selection: Selection): Promise<number> {
  const { entity, spec, filter = ALL_ROWS } = selection;
  if (filter === NO_ROWS) return 0;
  const rest = indexed(entity, spec);
  const keep = filtered(entity, spec, filter);
  const table = quote(entity.name);
  const seen = `SELECT * FROM ${table} WHERE ${rest.sql} LIMIT ?`;
  const sql = `SELECT count(*) AS "seen", sum(${keep.sql}) AS "found" FROM (${seen}) AS ${table}`;
  const [row] = await driver.all(sql, [...keep.params, ...rest.params, MAX_SCAN_ROWS + 1]);
  if (Number(row?.seen) > MAX_SCAN_ROWS) throw tooMany(entity);
  return Number(row?.found ?? 0);
}

async function holdsMore(
  driver: SqlDriver,
  of: { entity: AnyEntity; rest: SqlCondition; than: number },
): Promise<boolean> {
  const sql = `SELECT 1 FROM ${quote(of.entity.name)} WHERE ${of.rest.sql} LIMIT 1 OFFSET ?`;
  return (await driver.all(sql, [...of.rest.params, of.than])).length > 0;
}

function tooMany({ name }: AnyEntity): Fault {
  return new Fault(
    'too_large',
    `a query of ${name} looks at more than ${MAX_SCAN_ROWS} rows: narrow it with an index`,
  );
}

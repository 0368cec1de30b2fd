/** QuerySpec to SQL. schema/match.ts does the same on rows in memory. [Q3] */
import { Fault } from '../base/fault.ts';
import type { JsonObject } from '../base/json.ts';
import { s } from '../base/shape.ts';
import { ALL_ROWS, NO_ROWS, type SqlClause } from '../policy/to-sql.ts';
import type { AnyEntity } from '../schema/define-schema.ts';
import type { FieldSpec } from '../schema/field.ts';
import type { QuerySpec } from '../schema/query-spec.ts';
import { quote } from './ddl.ts';
import { decodeRow, fitsColumn, toSql } from './row-codec.ts';
import type { SqlDriver, SqlValue } from './sql-driver.ts';

const ID_SPEC: FieldSpec = { kind: 'id', shape: s.string(64) };

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
  const params: SqlValue[] = [];
  const where = Object.entries(spec.where ?? {}).map(([name, value]) => {
    const spec = fieldSpec(entity, name);
    if (!fitsColumn(spec, value)) return 'FALSE';
    params.push(toSql(spec, value));
    return `${quote(name)} IS ?`;
  });
  const order = [...(spec.orderBy ?? []), { field: 'id', direction: 'asc' as const }].map(
    ({ field, direction }) => {
      fieldSpec(entity, field);
      return `${quote(field)} ${direction === 'desc' ? 'DESC' : 'ASC'}`;
    },
  );
  if (filter !== ALL_ROWS) where.push(filter.sql);
  params.push(...filter.params, spec.limit ?? -1);
  const condition = where.length === 0 ? '' : ` WHERE ${where.join(' AND ')}`;
  const sql = `SELECT * FROM ${quote(entity.name)}${condition} ORDER BY ${order.join(', ')} LIMIT ?`;
  return (await driver.all(sql, params)).map((row) => decodeRow(entity, row));
}

/** Rows in order of id behind `afterId`. */
export async function selectPage(driver: SqlDriver, entity: AnyEntity, page: PageOf): Promise<RowPage> {
  const { afterId, size, filter = ALL_ROWS } = page;
  if (filter === NO_ROWS) return { rows: [], next: null };
  const table = quote(entity.name);
  const [end] = await driver.all(`SELECT "id" FROM ${table} WHERE "id" > ? ORDER BY "id" LIMIT 1 OFFSET ?`, [
    afterId,
    PAGE_SCAN_ROWS - 1,
  ]);
  const lastScanned = end ? String(end.id) : null;
  const scanned = `"id" > ?${lastScanned === null ? '' : ' AND "id" <= ?'}`;
  const sql = `SELECT * FROM ${table} WHERE ${scanned} AND ${filter.sql} ORDER BY "id" LIMIT ?`;
  const bounds = lastScanned === null ? [afterId] : [afterId, lastScanned];
  const found = await driver.all(sql, [...bounds, ...filter.params, size]);
  const rows = found.map((row) => decodeRow(entity, row));
  return { rows, next: rows.length === size ? String(rows.at(-1)!.id) : lastScanned };
}

export async function selectById(
  driver: SqlDriver,
  entity: AnyEntity,
  id: string,
): Promise<JsonObject | null> {
  const [row] = await driver.all(`SELECT * FROM ${quote(entity.name)} WHERE "id" = ?`, [id]);
  return row ? decodeRow(entity, row) : null;
}

function fieldSpec(entity: AnyEntity, name: string): FieldSpec {
  if (name === 'id') return ID_SPEC;
  const field = Object.hasOwn(entity.fields, name) ? entity.fields[name] : undefined;
  if (!field) throw new Fault('invalid', `${entity.name} has no field ${JSON.stringify(name)}`);
  return field.spec;
}

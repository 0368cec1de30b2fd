/** QuerySpec to SQL. schema/match.ts does the same on rows in memory. [Q3] */
import { Fault } from '../base/fault.ts';
import type { JsonObject } from '../base/json.ts';
import { s } from '../base/shape.ts';
import type { AnyEntity } from '../schema/define-schema.ts';
import type { FieldSpec } from '../schema/field.ts';
import type { QuerySpec } from '../schema/query-spec.ts';
import { quote } from './ddl.ts';
import { decodeRow, fitsColumn, toSql } from './row-codec.ts';
import type { SqlDriver, SqlValue } from './sql-driver.ts';

const ID_SPEC: FieldSpec = { kind: 'id', shape: s.string(64) };

/** A place in the order by id, from which a scan goes on. */
export interface PageOf {
  afterId: string;
  size: number;
}

export async function selectRows(
  driver: SqlDriver,
  entity: AnyEntity,
  spec: QuerySpec,
): Promise<JsonObject[]> {
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
  params.push(spec.limit ?? -1);
  const condition = where.length === 0 ? '' : ` WHERE ${where.join(' AND ')}`;
  const sql = `SELECT * FROM ${quote(entity.name)}${condition} ORDER BY ${order.join(', ')} LIMIT ?`;
  return (await driver.all(sql, params)).map((row) => decodeRow(entity, row));
}

/** Rows in order of id behind `afterId`. */
export async function selectPage(driver: SqlDriver, entity: AnyEntity, page: PageOf): Promise<JsonObject[]> {
  const sql = `SELECT * FROM ${quote(entity.name)} WHERE "id" > ? ORDER BY "id" LIMIT ?`;
  return (await driver.all(sql, [page.afterId, page.size])).map((row) => decodeRow(entity, row));
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

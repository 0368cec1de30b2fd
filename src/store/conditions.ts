/** The parts of a query's statement, for select.ts and scan.ts: its conditions and its order. */
import type { Json } from '../base/json.ts';
import { ALL_ROWS, type SqlClause } from '../policy/to-sql.ts';
import type { AnyEntity } from '../schema/define-schema.ts';
import type { OrderKey, QuerySpec } from '../schema/query-spec.ts';
import { quote } from './ddl.ts';
import { filterSql, type SqlCondition } from './filter-sql.ts';
import { columnSpec, fitsColumn, toSql } from './row-codec.ts';
import type { SqlValue } from './sql-driver.ts';

const ALWAYS: SqlCondition = { sql: '1', params: [] };

/** All of them. */
export function every(...conditions: readonly SqlCondition[]): SqlCondition {
  const some = conditions.filter(({ sql }) => sql !== '1');
  if (some.length <= 1) return some[0] ?? ALWAYS;
  return {
    sql: some.map(({ sql }) => sql).join(' AND '),
    params: some.flatMap(({ params }) => params),
  };
}

/** What the spec asks of rows before they are looked at: `where` and `range`. */
export function indexed(entity: AnyEntity, { where = {}, range }: QuerySpec): SqlCondition {
  const equal = Object.entries(where).map(([field, value]) =>
    filterSql(entity, { op: 'eq', field, value: value ?? null }),
  );
  return every(...equal, range ? filterSql(entity, range) : ALWAYS);
}

/** What is asked of rows when they are looked at: `filter`, and who may see them. */
export function filtered(entity: AnyEntity, { filter }: QuerySpec, clause: SqlClause): SqlCondition {
  return every(
    filter ? filterSql(entity, filter) : ALWAYS,
    clause === ALL_ROWS ? ALWAYS : { ...clause, sql: `(${clause.sql})` },
  );
}

export function orderSql(entity: AnyEntity, order: readonly OrderKey[]): string {
  return order
    .map(({ field, direction }) => {
      columnSpec(entity, field);
      return `${quote(entity.name)}.${quote(field)} ${direction === 'desc' ? 'DESC' : 'ASC'}`;
    })
    .join(', ');
}

/** The rows behind a place in the order: one value for each key. NULL is before everything, as in SQL. */
export function behind(entity: AnyEntity, order: readonly OrderKey[], values: readonly Json[]): SqlCondition {
  const params: SqlValue[] = [];
  const keys = order.map(({ field, direction }, i) => {
    const spec = columnSpec(entity, field);
    const value = toSql(spec, values[i]!);
    return { column: `${quote(entity.name)}.${quote(field)}`, spec, value, desc: direction === 'desc' };
  });
  const say = (i: number): string => {
    const { column, spec, value, desc } = keys[i]!;
    let beyond: string;
    if (value === null) beyond = desc ? '0' : `${column} IS NOT NULL`;
    else {
      params.push(value);
      beyond = desc ? `${column} < ?` : `${column} > ?`;
      if (desc && spec.optional) beyond = `(${beyond} OR ${column} IS NULL)`;
    }
    if (i === keys.length - 1) return beyond;
    params.push(value);
    return `(${beyond} OR (${column} IS ? AND ${say(i + 1)}))`;
  };
  const [first] = keys;
  // Said once more without OR, so that an index is entered at the place.
  const entry = first && first.value !== null && keys.length > 1 && !(first.desc && first.spec.optional);
  if (!first || !entry) return { sql: say(0), params };
  params.push(first.value);
  return { sql: `${first.column} ${first.desc ? '<=' : '>='} ? AND ${say(0)}`, params };
}

/** Whether `values` may be a place in that order. */
export function isPlace(entity: AnyEntity, order: readonly OrderKey[], values: readonly Json[]): boolean {
  return (
    values.length === order.length &&
    order.every(({ field }, i) => {
      const [spec, value] = [columnSpec(entity, field), values[i]!];
      return fitsColumn(spec, value) && (value !== null || spec.optional === true || spec.kind === 'json');
    })
  );
}

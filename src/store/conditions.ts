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

/** A value for each key of the order. NULL is before everything, as in SQL. */
type Place = readonly Json[];

/** The rows behind a place in the order. */
export function behind(entity: AnyEntity, order: readonly OrderKey[], values: Place): SqlCondition {
  return beyond(entity, order, { values, orAt: false });
}

/** The rows before a place in the order, and the one at it. */
export function notBehind(entity: AnyEntity, order: readonly OrderKey[], values: Place): SqlCondition {
  const reversed = order.map(({ field, direction }): OrderKey => {
    return { field, direction: direction === 'desc' ? 'asc' : 'desc' };
  });
  return beyond(entity, reversed, { values, orAt: true });
}

/** `orAt`: with the row at the place; the last key is the id, so there is one at most. */
function beyond(
  entity: AnyEntity,
  order: readonly OrderKey[],
  { values, orAt }: { values: Place; orAt: boolean },
): SqlCondition {
  const params: SqlValue[] = [];
  const keys = order.map(({ field, direction }, i) => {
    const spec = columnSpec(entity, field);
    const value = toSql(spec, values[i]!);
    return { column: `${quote(entity.name)}.${quote(field)}`, spec, value, desc: direction === 'desc' };
  });
  const say = (i: number): string => {
    const { column, spec, value, desc } = keys[i]!;
    const last = i === keys.length - 1;
    let past: string;
    if (value === null) past = desc ? '0' : `${column} IS NOT NULL`;
    else {
      params.push(value);
      past = `${column} ${desc ? '<' : '>'}${last && orAt ? '=' : ''} ?`;
      if (desc && spec.optional) past = `(${past} OR ${column} IS NULL)`;
    }
    if (last) return past;
    params.push(value);
    return `(${past} OR (${column} IS ? AND ${say(i + 1)}))`;
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

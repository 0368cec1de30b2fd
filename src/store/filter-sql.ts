/**
 * A Filter as SQL over the columns of its entity; schema/filter.ts decides the same in memory. [Q3] Values are
 * parameters, never text. What SQL compares by other rules than we do (`1` and `'1'`) is told apart here.
 */

import type { AnyEntity } from '../schema/define-schema.ts';
import { checkFilter, type Filter, isOrder } from '../schema/filter.ts';
import { quote } from './ddl.ts';
import { columnSpec, fitsColumn, toSql } from './row-codec.ts';
import type { SqlValue } from './sql-driver.ts';

export interface SqlCondition {
  readonly sql: string;
  readonly params: readonly SqlValue[];
}

const ORDERS = { lt: '<', lte: '<=', gt: '>', gte: '>=' } as const;

/** Throws `invalid` for what does not fit the entity. */
export function filterSql(entity: AnyEntity, filter: Filter): SqlCondition {
  checkFilter(filter, entity);
  const params: SqlValue[] = [];
  return { sql: say(entity, filter, { params, exact: false }), params };
}

/**
 * `exact`: below a `not`, where NULL may not stand for false. Elsewhere it may, and a bare comparison is one
 * that an index can answer.
 */
function say(entity: AnyEntity, filter: Filter, to: { params: SqlValue[]; exact: boolean }): string {
  const { params, exact } = to;
  switch (filter.op) {
    case 'and':
    case 'or': {
      if (filter.filters.length === 0) return filter.op === 'and' ? '1' : '0';
      const parts = filter.filters.map((inner) => say(entity, inner, to));
      return `(${parts.join(filter.op === 'and' ? ' AND ' : ' OR ')})`;
    }
    case 'not':
      return `NOT ${say(entity, filter.filter, { params, exact: true })}`;
  }
  const spec = columnSpec(entity, filter.field);
  const column = `${quote(entity.name)}.${quote(filter.field)}`;
  const never = (sql: string) => (exact && spec.optional ? `coalesce(${sql}, 0)` : `(${sql})`);
  switch (filter.op) {
    case 'eq':
    case 'neq': {
      if (!fitsColumn(spec, filter.value)) return filter.op === 'eq' ? '0' : '1';
      params.push(toSql(spec, filter.value));
      return `(${column} IS ${filter.op === 'eq' ? '' : 'NOT '}?)`;
    }
    case 'in': {
      const values = filter.values.filter((value) => value !== null && fitsColumn(spec, value));
      if (values.length === 0) return '0';
      params.push(...values.map((value) => toSql(spec, value)));
      return never(`${column} IN (${values.map(() => '?').join(', ')})`);
    }
    case 'startsWith': {
      // The bytes of an empty text are NULL to substr.
      if (filter.prefix === '') return `(${column} IS NOT NULL)`;
      // As bytes: `substr` of text stops at a NUL.
      const bytes = Buffer.from(filter.prefix);
      params.push(bytes.length, bytes);
      return `coalesce(substr(CAST(${column} AS BLOB), 1, ?) = ?, 0)`;
    }
    default: {
      const { op, value } = filter;
      if (!isOrder(op) || value === null || !fitsColumn(spec, value)) return '0';
      params.push(toSql(spec, value));
      return never(`${column} ${ORDERS[op]} ?`);
    }
  }
}

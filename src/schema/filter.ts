/**
 * A condition on a row, as plain JSON: what `.filter()` builds (filter-builder.ts) and what the range of an index
 * becomes. `passes` decides it in memory, store/filter-sql.ts in SQL, with equal answers. [Q3] It compares as
 * policies do: null equals null and is neither before, after nor in anything; text is ordered by code point; only
 * texts and numbers have an order.
 */
import { Fault } from '../base/fault.ts';
import { isJsonObject, type Json, type JsonObject, jsonEquals } from '../base/json.ts';
import { isJson, miss, type Shape, shape } from '../base/shape.ts';
import { compareValues } from './compare.ts';
import type { EntityFields } from './entity.ts';
import type { FieldKind } from './field.ts';

export type CompareOp = 'eq' | 'neq' | 'lt' | 'lte' | 'gt' | 'gte';
export type OrderOp = Exclude<CompareOp, 'eq' | 'neq'>;
export type Comparison = { readonly op: CompareOp; readonly field: string; readonly value: Json };

export type Filter =
  | Comparison
  | { readonly op: 'and' | 'or'; readonly filters: readonly Filter[] }
  | { readonly op: 'not'; readonly filter: Filter }
  | { readonly op: 'in'; readonly field: string; readonly values: readonly Json[] }
  | { readonly op: 'startsWith'; readonly field: string; readonly prefix: string };

/** `and`, `or` and `not` inside one another, the condition itself included. */
export const MAX_FILTER_DEPTH = 16;
/** Conditions and the values of their lists, all together. Also bounds the depth of the SQL. */
export const MAX_FILTER_SIZE = 500;

const COMPARE_OPS: ReadonlySet<unknown> = new Set<CompareOp>(['eq', 'neq', 'lt', 'lte', 'gt', 'gte']);
const UNORDERED: ReadonlySet<FieldKind> = new Set<FieldKind>(['json', 'bytes', 'bool']);
const TEXTUAL: ReadonlySet<FieldKind> = new Set<FieldKind>(['string', 'enum', 'id', 'richtext']);
const LONE_SURROGATE = /\p{Cs}/u;

/** Parses a condition from outside. Half a surrogate pair, which SQL cannot say, is refused. */
export const filterShape: Shape<Filter> = shape(
  { filter: { depth: MAX_FILTER_DEPTH, size: MAX_FILTER_SIZE } },
  (value) => {
    let size = 0;
    const grow = (by: number) => {
      size += by;
      if (size > MAX_FILTER_SIZE) miss(`of at most ${MAX_FILTER_SIZE} conditions and values`);
    };
    const parse = (node: unknown, depth: number): Filter => {
      if (depth > MAX_FILTER_DEPTH) return miss(`a condition of at most ${MAX_FILTER_DEPTH} levels`);
      if (!isJsonObject(node)) return miss('a condition');
      grow(1);
      const { op, filters, filter, field, values, prefix } = node;
      if (op === 'and' || op === 'or') {
        if (!Array.isArray(filters)) return miss(`with a list of conditions in "${op}"`);
        return { op, filters: filters.map((inner) => parse(inner, depth + 1)) };
      }
      if (op === 'not') return { op, filter: parse(filter, depth + 1) };
      if (typeof field !== 'string') return miss('a condition on a field');
      if (op === 'in') {
        if (!Array.isArray(values)) return miss('with a list of values in "in"');
        grow(values.length);
        return { op, field, values: values.map(parseValue) };
      }
      if (op === 'startsWith') {
        return { op, field, prefix: typeof prefix === 'string' ? whole(prefix) : miss('with a text') };
      }
      if (!COMPARE_OPS.has(op)) return miss('of a known "op"');
      return { op: op as CompareOp, field, value: parseValue(node.value) };
    };
    return parse(value, 1);
  },
);

function parseValue(value: unknown): Json {
  if (typeof value === 'string') return whole(value);
  return isJson(value) ? value : miss('with a value of JSON');
}

function whole(text: string): string {
  return LONE_SURROGATE.test(text) ? miss('with text of whole characters') : text;
}

/** Throws `invalid` for an unknown field, and for an order or a prefix of a field that has none. */
export function checkFilter(filter: Filter, entity: { name: string; fields: EntityFields }): void {
  switch (filter.op) {
    case 'and':
    case 'or':
      for (const inner of filter.filters) checkFilter(inner, entity);
      return;
    case 'not':
      checkFilter(filter.filter, entity);
      return;
  }
  const kind = kindOf(entity.fields, filter.field);
  const place = `${entity.name}.${filter.field}`;
  if (!kind) throw new Fault('invalid', `a filter names the unknown field ${JSON.stringify(place)}`);
  if (filter.op === 'startsWith' && !TEXTUAL.has(kind))
    throw new Fault('invalid', `${place} is no text and has no beginning`);
  if (isOrder(filter.op) && UNORDERED.has(kind))
    throw new Fault('invalid', `${place} has no order: of ${kind} there are only eq, neq and in`);
}

/** The fields that a condition looks at. */
export function fieldsOf(filter: Filter): string[] {
  switch (filter.op) {
    case 'and':
    case 'or':
      return filter.filters.flatMap(fieldsOf);
    case 'not':
      return fieldsOf(filter.filter);
    default:
      return [filter.field];
  }
}

export function passes(filter: Filter, row: JsonObject): boolean {
  switch (filter.op) {
    case 'and':
      return filter.filters.every((inner) => passes(inner, row));
    case 'or':
      return filter.filters.some((inner) => passes(inner, row));
    case 'not':
      return !passes(filter.filter, row);
  }
  const value = (Object.hasOwn(row, filter.field) ? row[filter.field] : null) ?? null;
  switch (filter.op) {
    case 'eq':
      return jsonEquals(value, filter.value);
    case 'neq':
      return !jsonEquals(value, filter.value);
    case 'in':
      return value !== null && filter.values.some((item) => jsonEquals(value, item));
    case 'startsWith':
      return typeof value === 'string' && value.startsWith(filter.prefix);
    default:
      return isOrdered(filter.op, value, filter.value);
  }
}

export function isOrder(op: string): op is OrderOp {
  return op === 'lt' || op === 'lte' || op === 'gt' || op === 'gte';
}

function isOrdered(op: OrderOp, a: Json, b: Json): boolean {
  if (typeof a !== typeof b || (typeof a !== 'number' && typeof a !== 'string')) return false;
  const order = compareValues(a, b);
  return op === 'lt' ? order < 0 : op === 'lte' ? order <= 0 : op === 'gt' ? order > 0 : order >= 0;
}

function kindOf(fields: EntityFields, name: string): FieldKind | undefined {
  if (name === 'id') return 'id';
  return Object.hasOwn(fields, name) ? fields[name]!.spec.kind : undefined;
}

/**
 * What of a condition an index can use: fields that equal a value, one field that equals one of several, one
 * more field between bounds. All that meets the condition meets its plan; the reverse need not be. For
 * ConditionIndex.
 */
import { canonicalJson, type Json } from '../base/json.ts';
import { compareValues } from '../schema/compare.ts';
import type { Filter } from '../schema/filter.ts';
import type { QuerySpec } from '../schema/query-spec.ts';
import type { Interval } from './interval-tree.ts';

/** Which rows of an entity: a query without its order and limit. */
export type Condition = Pick<QuerySpec, 'entity' | 'where' | 'range' | 'filter'>;

export interface ConditionPlan {
  /** By name. */
  readonly fields: readonly string[];
  /** For each combination of values one key of `fields` (keyOf). */
  readonly keys: readonly string[];
  /** The value of `field` is in one of the intervals. */
  readonly bounds: { readonly field: string; readonly intervals: readonly Interval[] } | undefined;
}

/** One text for the values of several fields. */
export function keyOf(values: readonly Json[]): string {
  return values.map(canonicalJson).join('\n'); // in JSON text a line break is escaped
}

export function planCondition({ where = {}, range, filter }: Condition): ConditionPlan {
  const parts = [...conjuncts(range), ...conjuncts(filter)];
  const equal = new Map<string, readonly Json[]>(
    Object.entries(where).map(([name, value]) => [name, [value]]),
  );
  for (const part of parts)
    if (part.op === 'eq' && !equal.has(part.field)) equal.set(part.field, [part.value]);
  // Of several lists the shortest: their product could be large.
  const lists = parts.filter((part) => part.op === 'in').sort((a, b) => a.values.length - b.values.length);
  const list = lists.find(({ field }) => !equal.has(field));
  if (list) equal.set(list.field, list.values);
  const fields = [...equal.keys()].sort();
  let keys: Json[][] = [[]];
  for (const name of fields) keys = keys.flatMap((key) => equal.get(name)!.map((value) => [...key, value]));
  const field = parts.map(boundOf).find((bound) => bound && !equal.has(bound.field))?.field;
  return {
    fields,
    keys: [...new Set(keys.map(keyOf))],
    bounds: field === undefined ? undefined : { field, intervals: intervalsOf(parts, field) },
  };
}

interface Bound {
  readonly field: string;
  readonly intervals: readonly Interval[];
}

const ALL: Interval = { low: null, high: undefined };

function intervalsOf(parts: readonly Filter[], field: string): Interval[] {
  let intervals: readonly Interval[] = [ALL];
  for (const part of parts) {
    const bound = boundOf(part);
    if (bound?.field !== field) continue;
    intervals = intervals.flatMap((a) => bound.intervals.map((b) => meet(a, b)));
  }
  return intervals.filter(({ low, high }) => high === undefined || compareValues(low, high) <= 0);
}

function meet(a: Interval, b: Interval): Interval {
  const low = compareValues(a.low, b.low) > 0 ? a.low : b.low;
  if (a.high === undefined || b.high === undefined) return { low, high: a.high ?? b.high };
  return { low, high: compareValues(a.high, b.high) < 0 ? a.high : b.high };
}

/** The parts that must all hold. */
function conjuncts(filter: Filter | undefined): Filter[] {
  if (!filter) return [];
  return filter.op === 'and' ? filter.filters.flatMap(conjuncts) : [filter];
}

/** Only texts and numbers are before or after anything, each among themselves (schema/filter.ts). */
function boundOf(part: Filter): Bound | undefined {
  if (part.op === 'startsWith') {
    const { field, prefix } = part;
    return { field, intervals: [{ low: prefix, high: afterAll(prefix) }] };
  }
  // `not gt` is what comes first in an order, where null comes before all.
  const isNegated = part.op === 'not';
  const { op, field, value } = { value: null, field: '', ...(isNegated ? part.filter : part) };
  if (typeof value !== 'number' && typeof value !== 'string') return undefined;
  const isText = typeof value === 'string';
  if (isNegated) {
    if (op !== 'gt' && op !== 'gte') return undefined;
    const upTo = { low: null, high: value };
    return { field, intervals: isText ? [upTo] : [upTo, { low: '', high: undefined }] };
  }
  if (op === 'gt' || op === 'gte')
    return { field, intervals: [{ low: value, high: isText ? undefined : Number.POSITIVE_INFINITY }] };
  if (op === 'lt' || op === 'lte')
    return { field, intervals: [{ low: isText ? '' : Number.NEGATIVE_INFINITY, high: value }] };
  return undefined;
}

const SURROGATE = /\p{Cs}/u;

/** A text behind all that begin with `prefix`; undefined when there is none. */
function afterAll(prefix: string): string | undefined {
  const points = [...prefix];
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    const code = last.codePointAt(0)!;
    if (SURROGATE.test(last)) return undefined;
    if (code < 0x10ffff) return points.join('') + String.fromCodePoint(code === 0xd7ff ? 0xe000 : code + 1);
  }
  return undefined;
}

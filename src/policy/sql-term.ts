/**
 * Values of a policy expression in SQL, and what can be asked of them. Whatever is known before the rows are
 * read (the viewer, the clock, literals) stays a JSON value and is decided by the rules of evaluate.ts; the
 * rest is SQL text with its parameters. What is asked is never NULL: the SQL says 0 where JavaScript says
 * false. [P2] Types that can never be equal are told apart here, so SQLite converts nothing.
 */
import { Fault } from '../base/fault.ts';
import { canonicalJson, isJsonObject, type Json, jsonEquals } from '../base/json.ts';

export type SqlParam = string | number | null;
export type SqlType = 'text' | 'number' | 'boolean' | 'json';

/** `total`: never NULL. A boolean is 0 or 1; json is the text that JSON.stringify gave. */
export interface SqlText {
  readonly kind: 'sql';
  readonly type: SqlType;
  readonly sql: string;
  readonly params: readonly SqlParam[];
  readonly total?: boolean;
}

export type Term =
  | SqlText
  | { readonly kind: 'constant'; readonly value: Json }
  | { readonly kind: 'list'; readonly items: readonly Term[] };

export const TRUE: Term = constant(true);
export const FALSE: Term = constant(false);
const LONE_SURROGATE = /\p{Cs}/u;

/** Throws Fault `invalid` for what cannot be compared in SQL: half surrogate pairs, objects. */
export function constant(value: Json): Term {
  if (typeof value === 'string' ? LONE_SURROGATE.test(value) : isJsonObject(value)) inexpressible();
  if (Array.isArray(value)) value.forEach(constant);
  return { kind: 'constant', value };
}

/** What check.ts refuses at start, so that a policy never gets here. */
export function inexpressible(): never {
  throw new Fault('invalid', 'this comparison cannot be said in SQL');
}

/** Whether the term is exactly `value`. */
export function is(term: Term, value: boolean): Term {
  if (term.kind === 'constant') return term.value === value ? TRUE : FALSE;
  if (term.kind === 'list' || (term.type !== 'boolean' && term.type !== 'json')) return FALSE;
  if (term.type === 'json') return ask`${term} IS ${param(String(value))}`;
  if (term.total) return value ? term : ask`NOT ${term}`;
  return ask`${term} IS ${param(value)}`;
}

export function both(left: Term, right: Term): Term {
  const [a, b] = [is(left, true), is(right, true)];
  if (a.kind !== 'sql') return a === TRUE ? b : FALSE;
  if (b.kind !== 'sql') return b === TRUE ? a : FALSE;
  return ask`${a} AND ${b}`;
}

export function either(left: Term, right: Term): Term {
  const [a, b] = [is(left, true), is(right, true)];
  if (a.kind !== 'sql') return a === TRUE ? TRUE : b;
  if (b.kind !== 'sql') return b === TRUE ? TRUE : a;
  return ask`${a} OR ${b}`;
}

export function equal(a: Term, b: Term): Term {
  if (a.kind === 'constant' && b.kind === 'constant') return jsonEquals(a.value, b.value) ? TRUE : FALSE;
  if (a.kind !== 'sql' && b.kind === 'sql') return equal(b, a);
  if (a.kind !== 'sql') return equalLists(itemsOf(a), itemsOf(b));
  if (b.kind === 'list') return a.type === 'json' ? inexpressible() : FALSE;
  if (b.kind === 'constant') {
    if (b.value === null) return a.total ? FALSE : ask`${a} IS NULL`;
    const bound = bind(a.type, b.value);
    return bound ? ask`${a} IS ${bound}` : FALSE;
  }
  if (a.type === 'json' || b.type === 'json') inexpressible();
  if (a.type === b.type) return ask`${a} IS ${b}`;
  return a.total || b.total ? FALSE : ask`${a} IS NULL AND ${b} IS NULL`;
}

export function ordered(op: '<' | '<=' | '>' | '>=', a: Term, b: Term): Term {
  const [left, right] = [orderable(a), orderable(b)];
  if (!left || !right || left.type !== right.type) return FALSE;
  return ask`coalesce(${left} ${raw(op)} ${right}, 0)`;
}

/** `value in list`. */
export function member(value: Term, list: Term): Term {
  const items = itemsOf(list);
  if (!items) return list.kind === 'sql' && list.type === 'json' ? jsonMember(value, list) : FALSE;
  if (value.kind === 'list') inexpressible(); // said once for each item, such lists in one another explode
  if (value.kind === 'constant') {
    if (value.value === null) return FALSE;
    return items.map((item) => equal(item, value)).reduce(either, FALSE);
  }
  const equals = items.flatMap((item) => {
    if (item.kind === 'sql') {
      if (item.type === 'json' || value.type === 'json') inexpressible();
      return item.type === value.type ? [item] : [];
    }
    if (item.kind === 'list') return value.type === 'json' ? inexpressible() : [];
    return bind(value.type, item.value) ?? [];
  });
  return equals.length === 0 ? FALSE : ask`coalesce(${value} IN ${group(equals)}, 0)`;
}

/** Whether a text of the row begins with another. As bytes: `length` and `substr` of text stop at a NUL. */
export function prefixed(text: Term, prefix: Term): Term {
  const [whole, start] = [textual(text), textual(prefix)];
  if (!whole || !start) return FALSE;
  const bytes = ask`substr(CAST(${whole} AS BLOB), 1, length(CAST(${start} AS BLOB)))`;
  // The bytes of an empty text are NULL to substr.
  return ask`${whole} IS NOT NULL AND coalesce(${start} = '' OR ${bytes} = CAST(${start} AS BLOB), 0)`;
}

/** Whether a text is one of `texts`. */
export function oneOf(text: Term, texts: readonly string[]): Term {
  const value = textual(text);
  const known = texts.filter((item) => !LONE_SURROGATE.test(item)).map(param);
  if (!value || known.length === 0) return FALSE;
  return ask`coalesce(${value} IN ${group(known)}, 0)`;
}

/** Whether a table has a row for which `where` holds. */
export function existing(table: string, where: Term): Term {
  const holds = is(where, true);
  if (holds.kind === 'sql') return ask`EXISTS (SELECT 1 FROM ${raw(table)} WHERE ${holds})`;
  return holds === TRUE ? ask`EXISTS (SELECT 1 FROM ${raw(table)})` : FALSE;
}

/** A row that is known already, as a table of one row with these columns. */
export function given(columns: readonly { name: string; type: SqlType; value: Json }[]): SqlText {
  const params = columns.map(({ type, value }) =>
    type === 'json' ? jsonText(value) : (bind(type, value)?.params[0] ?? null),
  );
  const sql = `(SELECT ${columns.map(({ name }) => `? AS "${name}"`).join(', ')})`;
  return { kind: 'sql', type: 'boolean', sql, params };
}

function jsonMember(value: Term, list: SqlText): Term {
  const found =
    value.kind === 'list' || (value.kind === 'sql' && value.type !== 'text')
      ? inexpressible()
      : value.kind === 'sql'
        ? ask`_item.type = 'text' AND _item.value = ${value}`
        : value.value === null
          ? undefined
          : typeof value.value === 'string'
            ? ask`_item.type = 'text' AND _item.value = ${param(value.value)}`
            : // As text: SQLite may read a number of 17 digits as its neighbour.
              ask`(${list} -> _item.key) = ${param(JSON.stringify(value.value))}`;
  if (!found) return FALSE;
  return ask`json_type(${list}) IS 'array' AND EXISTS (SELECT 1 FROM json_each(${list}) AS _item WHERE ${found})`;
}

function equalLists(a: readonly Term[] | undefined, b: readonly Term[] | undefined): Term {
  if (!a || !b || a.length !== b.length) return FALSE;
  return a.map((item, i) => equal(item, b[i]!)).reduce(both, TRUE);
}

function itemsOf(term: Term): readonly Term[] | undefined {
  if (term.kind === 'list') return term.items;
  return term.kind === 'constant' && Array.isArray(term.value) ? term.value.map(constant) : undefined;
}

function orderable(term: Term): SqlText | undefined {
  if (term.kind === 'sql') {
    if (term.type === 'json') inexpressible();
    return term.type === 'boolean' ? undefined : term;
  }
  const value = term.kind === 'constant' ? term.value : null;
  return typeof value === 'string' || typeof value === 'number' ? param(value) : undefined;
}

function textual(term: Term): SqlText | undefined {
  if (term.kind === 'sql' && term.type === 'json') inexpressible();
  const text = orderable(term.kind === 'sql' && term.type === 'boolean' ? FALSE : term);
  return text?.type === 'text' ? text : undefined;
}

/** A constant as a column of `type` would hold it; undefined when it never could. */
function bind(type: SqlType, value: Json): SqlText | undefined {
  if (value === null) return undefined;
  if (type === 'json') return param(JSON.stringify(value));
  const same = type === 'text' ? 'string' : type;
  return typeof value === same ? param(value as string | number | boolean) : undefined;
}

/** As the column of a row holds it. */
function jsonText(value: Json): string | null {
  return value === null ? null : canonicalJson(value);
}

function param(value: string | number | boolean): SqlText {
  const type = typeof value === 'string' ? 'text' : 'number';
  return { kind: 'sql', type, sql: '?', params: [typeof value === 'boolean' ? Number(value) : value] };
}

function raw(sql: string): SqlText {
  return { kind: 'sql', type: 'boolean', sql, params: [] };
}

function group(terms: readonly SqlText[]): SqlText {
  const sql = `(${terms.map((term) => term.sql).join(', ')})`;
  return { kind: 'sql', type: 'boolean', sql, params: terms.flatMap((term) => term.params) };
}

/** A question made of terms, with their parameters in the order of the text. */
function ask(texts: TemplateStringsArray, ...terms: SqlText[]): SqlText {
  const sql = texts.reduce((all, text, i) => all + (terms[i - 1]?.sql ?? '') + text);
  const params = terms.flatMap((term) => term.params);
  return { kind: 'sql', type: 'boolean', sql: `(${sql})`, params, total: true };
}

/**
 * A policy expression as SQL over the columns of its entity, for one viewer at one moment: true in exactly
 * the rows for which evaluate.ts says true. [P2] Used where rows are read in number, so that a limit counts
 * rows that the viewer may see, and to look for the rows of an `exists`. Values are parameters, never text.
 */
import type { JsonObject } from '../base/json.ts';
import type { AnyEntity, Schema } from '../schema/define-schema.ts';
import { compileValue, type Facts, NO_ROW, NO_WITNESSES } from './evaluate.ts';
import { type Exists, type Expression, operands, reads, type Scope, walk } from './expression.ts';
import {
  both,
  constant,
  either,
  equal,
  existing,
  FALSE,
  given,
  inexpressible,
  is,
  member,
  oneOf,
  ordered,
  prefixed,
  type SqlParam,
  type SqlText,
  type Term,
} from './sql-term.ts';
import { fieldType } from './value-type.ts';

/** A condition for a WHERE on the entity's own table (no alias), with one value for each `?` in it. */
export interface SqlClause {
  readonly sql: string;
  readonly params: readonly SqlParam[];
}

/** All but the rows. */
export type SqlFacts = Omit<Facts, 'data' | 'row' | 'witnesses'>;

export const NO_ROWS: SqlClause = { sql: '0', params: [] };
export const ALL_ROWS: SqlClause = { sql: '1', params: [] };

interface Plan {
  /** Its value is the same for all rows. */
  readonly fixed: boolean;
  readonly build: (facts: SqlFacts) => Term;
}

/** Where the fields of a scope are found: a table's name or alias, and whose row it holds. */
interface Table {
  readonly name: string;
  readonly entity: AnyEntity;
}
type Tables = { readonly [K in Scope]?: Table };

/** The clause throws Fault `invalid` for an expression that check.ts would not let pass. */
export function compileSql(
  expression: Expression,
  entity: AnyEntity,
  schema: Schema,
): (facts: SqlFacts) => SqlClause {
  const { build } = new Planner(schema, { data: { name: quoted(entity.name), entity } }).plan(expression);
  return (facts) => toClause(build(facts));
}

/**
 * A clause on the table of `exists.entity` for the rows that meet it, where the row that the policy is about
 * is known: it comes along as a table of one row, so that the expression is the same SQL as everywhere.
 */
export function compileWitnessSql(
  exists: Exists,
  entity: AnyEntity,
  schema: Schema,
): (facts: Facts) => SqlClause {
  const row = { name: quoted(exists.entity), entity: schema.entity(exists.entity) };
  const data = { name: '_data', entity };
  const old = { name: '_existing', entity };
  const { build } = new Planner(schema, { row, data, existing: old }).plan(exists.where);
  const known = (['data', 'existing'] as const).filter((scope) => reads(exists.where, scope));
  const columns = known.map((scope) => columnsOf(exists.where, scope, entity));
  return (facts) => {
    const { sql, params } = toClause(build(facts));
    if (known.length === 0) return { sql, params };
    const tables = known.map((scope, i) => oneRow(columns[i]!, facts[scope]));
    const from = known.map((scope, i) => `${tables[i]!.sql} AS _${scope}`).join(', ');
    return {
      sql: `EXISTS (SELECT 1 FROM ${from} WHERE ${sql})`,
      params: [...tables.flatMap((table) => table.params), ...params],
    };
  };
}

function toClause(whole: Term): SqlClause {
  const term = is(whole, true);
  if (term.kind === 'sql') return { sql: term.sql, params: term.params };
  return term === FALSE ? NO_ROWS : ALL_ROWS;
}

function columnsOf(expression: Expression, scope: Scope, entity: AnyEntity) {
  const names = new Set<string>();
  walk(expression, (e) => {
    if (e.kind === 'path' && e.scope === scope) names.add(e.name);
  });
  return [...names].flatMap((name) => {
    const type = fieldType(entity, name);
    return type ? [{ name, type }] : [];
  });
}

function oneRow(columns: ReturnType<typeof columnsOf>, row: JsonObject): SqlText {
  return given(
    columns.map((column) => ({
      ...column,
      value: Object.hasOwn(row, column.name) ? (row[column.name] ?? null) : null,
    })),
  );
}

class Planner {
  readonly #schema: Schema;
  readonly #tables: Tables;

  constructor(schema: Schema, tables: Tables) {
    this.#schema = schema;
    this.#tables = tables;
  }

  plan(e: Expression): Plan {
    if (e.kind === 'exists') return this.#exists(e);
    const table = e.kind === 'path' ? this.#tables[e.scope] : undefined;
    if (table && e.kind === 'path') return { fixed: false, build: column(table, e.name) };
    const inner = operands(e).map((operand) => this.plan(operand));
    if (inner.every((operand) => operand.fixed)) {
      const evaluate = compileValue(e);
      const rest = { data: NO_ROW, row: NO_ROW, witnesses: NO_WITNESSES };
      return { fixed: true, build: (facts) => constant(evaluate({ ...facts, ...rest })) };
    }
    return { fixed: false, build: (facts) => combine(e, inner, facts) };
  }

  #exists(e: Exists): Plan {
    const row = { name: '_row', entity: this.#schema.entity(e.entity) };
    const { build } = new Planner(this.#schema, { ...this.#tables, row }).plan(e.where);
    return { fixed: false, build: (facts) => existing(`${quoted(e.entity)} AS _row`, build(facts)) };
  }
}

function quoted(name: string): string {
  return `"${name}"`;
}

function column({ name: table, entity }: Table, name: string): () => Term {
  const type = fieldType(entity, name);
  if (!type) return () => constant(null);
  // With the table's name: inside json_each a column of the row could be taken for one of its own.
  const path = `${table}."${name}"`;
  // A json field that may not be absent holds the JSON null as text.
  const sql = type === 'json' ? `nullif(${path}, 'null')` : path;
  const term: Term = { kind: 'sql', type, sql, params: [] };
  return () => term;
}

function combine(e: Expression, inner: readonly Plan[], facts: SqlFacts): Term {
  const terms = inner.map(({ build }) => build(facts));
  const [a = FALSE, b = FALSE] = terms;
  switch (e.kind) {
    case 'not':
      return is(a, false);
    case 'and':
      return both(a, b);
    case 'or':
      return either(a, b);
    case 'list':
      return { kind: 'list', items: terms };
    case 'compare':
      if (e.op === '==') return equal(a, b);
      if (e.op === '!=') return is(equal(a, b), false);
      return e.op === 'in' ? member(a, b) : ordered(e.op, a, b);
    case 'call':
      if (e.name === 'startsWith') return terms.length < 2 ? FALSE : prefixed(a, b);
      return terms.map((term) => oneOf(term, facts.auth.roles)).reduce(either, FALSE);
    default:
      return inexpressible();
  }
}

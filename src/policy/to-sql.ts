/**
 * A policy expression as SQL over the columns of its entity, for one viewer at one moment: true in exactly
 * the rows for which evaluate.ts says true. [P2] Used where rows are read in number, so that a limit counts
 * rows that the viewer may see; the decision stays with evaluate.ts. Values are parameters, never text.
 */
import type { AnyEntity } from '../schema/define-schema.ts';
import { compileValue, type Facts } from './evaluate.ts';
import { type Expression, operands } from './expression.ts';
import {
  both,
  constant,
  either,
  equal,
  FALSE,
  inexpressible,
  is,
  member,
  oneOf,
  ordered,
  prefixed,
  type SqlParam,
  type Term,
} from './sql-term.ts';
import { fieldType } from './value-type.ts';

/** A condition for a WHERE on the entity's own table (no alias), with one value for each `?` in it. */
export interface SqlClause {
  readonly sql: string;
  readonly params: readonly SqlParam[];
}

/** All but the row. */
export type SqlFacts = Omit<Facts, 'data'>;

export const NO_ROWS: SqlClause = { sql: '0', params: [] };
export const ALL_ROWS: SqlClause = { sql: '1', params: [] };

interface Plan {
  /** Its value is the same for all rows. */
  readonly fixed: boolean;
  readonly build: (facts: SqlFacts) => Term;
}

/** The clause throws Fault `invalid` for an expression that check.ts would not let pass. */
export function compileSql(expression: Expression, entity: AnyEntity): (facts: SqlFacts) => SqlClause {
  const { build } = plan(expression, entity);
  return (facts) => {
    const term = is(build(facts), true);
    if (term.kind === 'sql') return { sql: term.sql, params: term.params };
    return term === FALSE ? NO_ROWS : ALL_ROWS;
  };
}

function plan(e: Expression, entity: AnyEntity): Plan {
  if (e.kind === 'path' && e.scope === 'data') return { fixed: false, build: column(entity, e.name) };
  const inner = operands(e).map((operand) => plan(operand, entity));
  if (inner.every((operand) => operand.fixed)) {
    const evaluate = compileValue(e);
    return { fixed: true, build: (facts) => constant(evaluate({ ...facts, data: {} })) };
  }
  return { fixed: false, build: (facts) => combine(e, inner, facts) };
}

function column(entity: AnyEntity, name: string): () => Term {
  const type = fieldType(entity, name);
  if (!type) return () => constant(null);
  // With the table's name: inside json_each a column of the row could be taken for one of its own.
  const term: Term = { kind: 'sql', type, sql: `"${entity.name}"."${name}"`, params: [] };
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

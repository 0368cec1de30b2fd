/**
 * A policy expression on rows, compiled once into closures. Fails closed: an error denies, and null
 * compares to nothing but null (`null < 1`, `null >= null` and `null in [..1..]` are false). [P1]
 * to-sql.ts says the same in SQL; whoever changes one changes both. [P2]
 */
import { Fault } from '../base/fault.ts';
import { type Json, type JsonObject, jsonEquals } from '../base/json.ts';
import { compareValues } from '../schema/compare.ts';
import type { CompareOp, Exists, Expression, FunctionName } from './expression.ts';
import type { Viewer } from './viewer.ts';

/**
 * For each `exists` of an expression rows of its entity, among them at least one that meets it if there is
 * one. Throws where it cannot tell, which denies. [P1]
 */
export type Witnesses = (exists: Exists, viewer: Viewer) => readonly JsonObject[];

/** What an expression may look at. */
export interface Facts {
  readonly auth: Viewer;
  readonly data: JsonObject;
  readonly existing: JsonObject;
  readonly input: JsonObject;
  /** Inside an `exists` the row that it looks at. */
  readonly row: JsonObject;
  readonly witnesses: Witnesses;
  /** ms since 1970 */
  readonly now: number;
}

type Evaluate = (facts: Facts) => Json;

export const NO_ROW: JsonObject = {};
/** For expressions without `exists`. */
export const NO_WITNESSES: Witnesses = ({ entity }) => {
  throw new Fault('internal', `the rows of ${entity} were not read`);
};

const LONE_SURROGATE = /\p{Cs}/u;

/** True only when the expression is exactly `true`. */
export function compileExpression(expression: Expression): (facts: Facts) => boolean {
  const evaluate = compileValue(expression);
  return (facts) => {
    try {
      return evaluate(facts) === true;
    } catch {
      return false;
    }
  };
}

/** The value of an expression of any type. What it returns may throw on facts that are not what they claim. */
export function compileValue(e: Expression): Evaluate {
  switch (e.kind) {
    case 'literal':
      return () => e.value;
    case 'now':
      return (facts) => facts.now;
    case 'list': {
      const items = e.items.map(compileValue);
      return (facts) => items.map((item) => item(facts));
    }
    case 'path': {
      const { scope, name } = e;
      if (scope === 'auth') return (facts) => authValue(facts.auth, name);
      return (facts) => (Object.hasOwn(facts[scope], name) ? (facts[scope][name] ?? null) : null);
    }
    case 'not': {
      const operand = compileValue(e.operand);
      return (facts) => operand(facts) === false;
    }
    case 'and': {
      const [left, right] = [compileValue(e.left), compileValue(e.right)];
      return (facts) => left(facts) === true && right(facts) === true;
    }
    case 'or': {
      const [left, right] = [compileValue(e.left), compileValue(e.right)];
      return (facts) => left(facts) === true || right(facts) === true;
    }
    case 'compare':
      return comparison(e.op, compileValue(e.left), compileValue(e.right));
    case 'call':
      return call(e.name, e.args.map(compileValue));
    case 'exists': {
      const where = compileValue(e.where);
      return (facts) => facts.witnesses(e, facts.auth).some((row) => where({ ...facts, row }) === true);
    }
  }
}

function comparison(op: CompareOp, left: Evaluate, right: Evaluate): Evaluate {
  if (op === '==') return (facts) => jsonEquals(left(facts), right(facts));
  if (op === '!=') return (facts) => !jsonEquals(left(facts), right(facts));
  if (op === 'in') {
    return (facts) => {
      const list = right(facts);
      const value = left(facts);
      return value !== null && Array.isArray(list) && list.some((item) => jsonEquals(item, value));
    };
  }
  return (facts) => {
    const a = left(facts);
    const b = right(facts);
    // Numbers and texts have an order, each among themselves.
    if (typeof a !== typeof b || (typeof a !== 'number' && typeof a !== 'string')) return false;
    const order = compareValues(a, b);
    return op === '<' ? order < 0 : op === '<=' ? order <= 0 : op === '>' ? order > 0 : order >= 0;
  };
}

function call(name: FunctionName, args: Evaluate[]): Evaluate {
  if (name === 'startsWith') {
    return (facts) => {
      const [text, prefix] = args.map((arg) => arg(facts));
      return typeof text === 'string' && typeof prefix === 'string' && text.startsWith(prefix);
    };
  }
  return (facts) =>
    args.some((arg) => {
      const role = arg(facts);
      return typeof role === 'string' && facts.auth.roles.includes(role);
    });
}

/** `auth.<name>`. */
export function authValue(viewer: Viewer, name: string): Json {
  if (name === 'kind') return viewer.kind;
  const text = name === 'userId' ? viewer.userId : name === 'name' ? viewer.name : null;
  // Text that no row can hold is no claim: in SQL it would become another.
  return text !== null && LONE_SURROGATE.test(text) ? null : text;
}

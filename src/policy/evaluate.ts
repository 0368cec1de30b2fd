/**
 * A policy expression on rows, compiled once into closures. Fails closed: an error denies, and null
 * compares to nothing but null (`null < 1`, `null >= null` and `null in [..1..]` are false). [P1]
 */
import { type Json, type JsonObject, jsonEquals } from '../base/json.ts';
import { compareValues } from '../schema/compare.ts';
import type { CompareOp, Expression, FunctionName } from './expression.ts';
import type { Viewer } from './viewer.ts';

/** What an expression may look at. */
export interface Facts {
  readonly auth: Viewer;
  readonly data: JsonObject;
  readonly existing: JsonObject;
  readonly input: JsonObject;
  /** ms since 1970 */
  readonly now: number;
}

type Evaluate = (facts: Facts) => Json;

/** True only when the expression is exactly `true`. */
export function compileExpression(expression: Expression): (facts: Facts) => boolean {
  const evaluate = compile(expression);
  return (facts) => {
    try {
      return evaluate(facts) === true;
    } catch {
      return false;
    }
  };
}

function compile(e: Expression): Evaluate {
  switch (e.kind) {
    case 'literal':
      return () => e.value;
    case 'now':
      return (facts) => facts.now;
    case 'list': {
      const items = e.items.map(compile);
      return (facts) => items.map((item) => item(facts));
    }
    case 'path': {
      const { scope, name } = e;
      if (scope === 'auth') return (facts) => authValue(facts.auth, name);
      return (facts) => (Object.hasOwn(facts[scope], name) ? (facts[scope][name] ?? null) : null);
    }
    case 'not': {
      const operand = compile(e.operand);
      return (facts) => operand(facts) === false;
    }
    case 'and': {
      const [left, right] = [compile(e.left), compile(e.right)];
      return (facts) => left(facts) === true && right(facts) === true;
    }
    case 'or': {
      const [left, right] = [compile(e.left), compile(e.right)];
      return (facts) => left(facts) === true || right(facts) === true;
    }
    case 'compare':
      return comparison(e.op, compile(e.left), compile(e.right));
    case 'call':
      return call(e.name, e.args.map(compile));
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
    if (a === null || b === null || typeof a !== typeof b) return false;
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
  return (facts) => args.some((arg) => facts.auth.roles.includes(String(arg(facts))));
}

function authValue(viewer: Viewer, name: string): Json {
  if (name === 'userId') return viewer.userId;
  if (name === 'kind') return viewer.kind;
  return name === 'name' ? viewer.name : null;
}

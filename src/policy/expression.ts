/**
 * The syntax tree of a policy expression.
 *
 *   or   := and ('||' and)*            and := cmp ('&&' cmp)*
 *   cmp  := unary (('=='|'!='|'<'|'<='|'>'|'>='|'in') unary)?
 *   unary := '!' unary | primary       primary := literal | list | path | call | exists | '(' or ')'
 *   path := ('auth'|'data'|'existing'|'input'|'row') '.' name
 *   call := 'auth.hasRole(' text ')' ...     exists := 'exists(' Entity 'where' or ')'
 */
import type { Json } from '../base/json.ts';

/** `row` is the row that an `exists` looks at, and is known inside one alone. */
export type Scope = 'auth' | 'data' | 'existing' | 'input' | 'row';
export type CompareOp = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in';
export type FunctionName = 'auth.hasRole' | 'auth.hasAnyRole' | 'startsWith';

export interface Place {
  /** The column (from 1) that messages name: of an operator between two operands, else of the first character. */
  readonly at: number;
  /** The text of the expression is `slice(start, end)` of the whole. */
  readonly start: number;
  readonly end: number;
}

export type Expression = Place &
  (
    | { kind: 'literal'; value: Json }
    | { kind: 'list'; items: Expression[] }
    | { kind: 'path'; scope: Scope; name: string }
    | { kind: 'now' }
    | { kind: 'not'; operand: Expression }
    | { kind: 'and' | 'or'; left: Expression; right: Expression }
    | { kind: 'compare'; op: CompareOp; left: Expression; right: Expression }
    | { kind: 'call'; name: FunctionName; args: Expression[] }
    | { kind: 'exists'; entity: string; where: Expression }
  );

export type Exists = Extract<Expression, { kind: 'exists' }>;

export const AUTH_FIELDS: ReadonlySet<string> = new Set(['userId', 'kind', 'name']);

/** Calls `visit` for the expression and everything inside it. */
export function walk(expression: Expression, visit: (e: Expression) => void): void {
  visit(expression);
  for (const inner of operands(expression)) walk(inner, visit);
}

/** Whether it looks at something of one of these scopes. */
export function reads(expression: Expression, ...scopes: readonly Scope[]): boolean {
  let found = false;
  walk(expression, (e) => {
    if (e.kind === 'path' && scopes.includes(e.scope)) found = true;
  });
  return found;
}

/** The expressions right inside this one, from left to right. */
export function operands(e: Expression): Expression[] {
  switch (e.kind) {
    case 'not':
      return [e.operand];
    case 'and':
    case 'or':
    case 'compare':
      return [e.left, e.right];
    case 'list':
      return e.items;
    case 'call':
      return e.args;
    case 'exists':
      return [e.where];
    default:
      return [];
  }
}

/**
 * The syntax tree of a policy expression.
 *
 *   or   := and ('||' and)*            and := cmp ('&&' cmp)*
 *   cmp  := unary (('=='|'!='|'<'|'<='|'>'|'>='|'in') unary)?
 *   unary := '!' unary | primary       primary := literal | list | path | call | '(' or ')'
 *   path := ('auth'|'data'|'existing'|'input') '.' name      call := 'auth.hasRole(' text ')' ...
 */
import type { Json } from '../base/json.ts';

export type Scope = 'auth' | 'data' | 'existing' | 'input';
export type CompareOp = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in';
export type FunctionName = 'auth.hasRole' | 'auth.hasAnyRole' | 'startsWith';

/** `at` is the column (from 1) in the text, for messages. */
export type Expression =
  | { kind: 'literal'; value: Json; at: number }
  | { kind: 'list'; items: Expression[]; at: number }
  | { kind: 'path'; scope: Scope; name: string; at: number }
  | { kind: 'now'; at: number }
  | { kind: 'not'; operand: Expression; at: number }
  | { kind: 'and' | 'or'; left: Expression; right: Expression; at: number }
  | { kind: 'compare'; op: CompareOp; left: Expression; right: Expression; at: number }
  | { kind: 'call'; name: FunctionName; args: Expression[]; at: number };

/** Calls `visit` for the expression and everything inside it. */
export function walk(expression: Expression, visit: (e: Expression) => void): void {
  visit(expression);
  for (const inner of parts(expression)) walk(inner, visit);
}

function parts(e: Expression): Expression[] {
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
    default:
      return [];
  }
}

/**
 * Why a policy said what it said: every part of the expression with its value. For operators (`ternion
 * doctor`, the studio): it shows the row as the server has it. Never throws.
 */
import type { Json } from '../base/json.ts';
import { compileValue, type Facts } from './evaluate.ts';
import { type Expression, operands } from './expression.ts';

export interface Explanation {
  /** What `Access.may` answers to the same question. */
  readonly allowed: boolean;
  /** `no_clause`: no policy of the entity says anything about this action. [P1] */
  readonly reason: 'allowed' | 'denied' | 'no_clause';
  /** The policy's text, and the value of its parts; null without a clause. */
  readonly text: string | null;
  readonly root: Part | null;
}

export interface Part {
  /** A slice of the policy's text. */
  readonly text: string;
  /** Where it begins, from 1. */
  readonly column: number;
  /** Undefined when the value cannot be found, which denies. Parts that `&&` or `||` skips have theirs too. */
  readonly value: Json | undefined;
  readonly parts: readonly Part[];
}

export const NO_CLAUSE: Explanation = { allowed: false, reason: 'no_clause', text: null, root: null };

export function explainExpression(text: string, expression: Expression, facts: Facts): Explanation {
  const root = part(text, expression, facts);
  const allowed = root.value === true;
  return { allowed, reason: allowed ? 'allowed' : 'denied', text, root };
}

function part(text: string, e: Expression, facts: Facts): Part {
  return {
    text: text.slice(e.start, e.end),
    column: e.start + 1,
    value: tryValue(e, facts),
    // What stands inside has a value for each row that is looked at, and none of its own.
    parts: e.kind === 'exists' ? [] : operands(e).map((operand) => part(text, operand, facts)),
  };
}

function tryValue(e: Expression, facts: Facts): Json | undefined {
  try {
    return compileValue(e)(facts);
  } catch {
    return undefined;
  }
}

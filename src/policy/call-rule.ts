/**
 * An expression that decides who may call a function or a route: over `auth.*`, `now` and `input.*` (the
 * arguments), and nothing else. Compiled once when the server is built, so that a bad one stops the start.
 * Fails closed, as policies do. [P1]
 */
import type { JsonObject } from '../base/json.ts';
import { checkNames, type NamedType, type Names } from './check.ts';
import { compileExpression, NO_ROW, NO_WITNESSES } from './evaluate.ts';
import { walk } from './expression.ts';
import { parseExpression } from './parse.ts';
import type { Viewer } from './viewer.ts';

export interface CallRule {
  /** The arguments that it reads. */
  readonly inputs: readonly string[];
  /** `now` is ms since 1970. */
  allows(viewer: Viewer, input: JsonObject, now: number): boolean;
}

/**
 * The arguments by name, with their types as far as they can be told; null where not even the names can (a
 * Standard Schema for all of them).
 */
export type KnownArgs = ReadonlyMap<string, NamedType> | null;

/** Throws Fault `invalid` that names the column. */
export function compileCallRule(text: string, known: KnownArgs): CallRule {
  const expression = parseExpression(text);
  checkNames(expression, argumentNames(text, known), 'auth');
  const inputs = new Set<string>();
  walk(expression, (e) => {
    if (e.kind === 'path' && e.scope === 'input') inputs.add(e.name);
  });
  const holds = compileExpression(expression);
  const rows = { data: NO_ROW, existing: NO_ROW, row: NO_ROW, witnesses: NO_WITNESSES };
  return {
    inputs: [...inputs],
    allows: (auth, input, now) => holds({ auth, input, now, ...rows }),
  };
}

function argumentNames(text: string, known: KnownArgs): Names {
  return {
    where: ` of ${JSON.stringify(text)}`,
    sql: undefined,
    path: ({ scope, name }) => {
      if (scope !== 'input') return `${scope}.* belongs to policies`;
      if (!known) return { type: 'unknown' };
      return known.get(name) ?? `unknown argument input.${name}`;
    },
    entity: () => 'exists belongs to policies',
  };
}

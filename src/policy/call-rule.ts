/**
 * An expression that decides who may call a function or a route: over `auth.*` and `input.*` (the
 * arguments), and nothing else. Compiled once when the server is built, so that a bad one stops the start.
 * Fails closed, as policies do. [P1]
 */
import { Fault } from '../base/fault.ts';
import type { JsonObject } from '../base/json.ts';
import { compileExpression } from './evaluate.ts';
import { type Expression, walk } from './expression.ts';
import { parseExpression } from './parse.ts';
import type { Viewer } from './viewer.ts';

export interface CallRule {
  /** The arguments that it reads. */
  readonly inputs: readonly string[];
  /** `now` is ms since 1970. */
  allows(viewer: Viewer, input: JsonObject, now: number): boolean;
}

const KINDS: ReadonlySet<string> = new Set<Expression['kind']>([
  'literal',
  'list',
  'path',
  'now',
  'not',
  'and',
  'or',
  'compare',
  'call',
]);
const AUTH_FIELDS: ReadonlySet<string> = new Set(['userId', 'kind', 'name']);
const NO_ROW: JsonObject = {};

/**
 * Throws Fault `invalid` that names the column. `known` are the names of the arguments; null where they
 * cannot be told (a Standard Schema for all of them).
 */
export function compileCallRule(text: string, known: ReadonlySet<string> | null): CallRule {
  const expression = parseExpression(text);
  const inputs = new Set<string>();
  walk(expression, (e) => {
    const fail = (message: string): never => {
      throw new Fault('invalid', `${message} at column ${e.at} of ${JSON.stringify(text)}`, { column: e.at });
    };
    if (!KINDS.has(e.kind)) fail(`${e.kind} belongs to policies`);
    if (e.kind === 'path') {
      if (e.scope !== 'auth' && e.scope !== 'input') fail(`${e.scope}.* belongs to policies`);
      if (e.scope === 'auth' && !AUTH_FIELDS.has(e.name)) fail(`unknown name auth.${e.name}`);
      if (e.scope === 'input' && known?.has(e.name) === false) fail(`unknown argument input.${e.name}`);
      if (e.scope === 'input') inputs.add(e.name);
    }
    if (e.kind === 'call') {
      const count = e.name === 'startsWith' ? 2 : 1;
      if (e.args.length < count || (e.name !== 'auth.hasAnyRole' && e.args.length > count))
        fail(`${e.name} takes ${count === 1 ? 'one argument' : `${count} arguments`}`);
    }
  });
  const holds = compileExpression(expression);
  return {
    inputs: [...inputs],
    allows: (auth, input, now) => holds({ auth, data: NO_ROW, existing: NO_ROW, input, now }),
  };
}

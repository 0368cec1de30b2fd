/**
 * Who may call: a mode, or an expression over `auth.*` and `input.*`. Compiled by Registry when the server
 * is built; asked by Functions before anything runs, at every door alike. [P3]
 */
import { Fault } from '../base/fault.ts';
import { isJsonObject, type Json, type JsonObject } from '../base/json.ts';
import { isJson } from '../base/shape.ts';
import { compileCallRule, type KnownArgs } from '../policy/call-rule.ts';
import type { Viewer } from '../policy/viewer.ts';

/**
 * `user` (default: any identity but guests), `guest` (any identity), `public` (anybody), `admin` (a user
 * with the role `admin`), or an expression such as `"auth.hasRole('editor') || input.ownerId == auth.userId"`.
 */
export type AuthMode = 'user' | 'guest' | 'public' | 'admin' | (string & Record<never, never>);

export interface AuthRule {
  /** True: it needs the parsed arguments; else it is asked before they are looked at. */
  readonly readsInput: boolean;
  /** Throws `unauthorized` (another identity may help) or `forbidden`. `now` is ms since 1970. */
  ask(viewer: Viewer, args: unknown, now: number): void;
}

const SIGN_IN = 'sign in';

/** Throws Fault `invalid`, naming the column, for an expression that cannot be one. */
export function compileAuth(auth: AuthMode, known: KnownArgs): AuthRule {
  switch (auth) {
    case 'public':
      return { readsInput: false, ask: () => {} };
    case 'guest':
      return mode(({ kind }) => (kind === 'anonymous' ? `${SIGN_IN}, at least as a guest` : undefined));
    case 'user':
      return mode(({ kind }) => (kind === 'user' ? undefined : SIGN_IN));
    case 'admin':
      return {
        readsInput: false,
        ask: ({ kind, roles }) => {
          if (kind !== 'user') throw new Fault('unauthorized', SIGN_IN);
          if (!roles.includes('admin')) throw new Fault('forbidden', 'only an admin may do this');
        },
      };
    default:
      return expression(auth, known);
  }
}

function mode(missing: (viewer: Viewer) => string | undefined): AuthRule {
  return {
    readsInput: false,
    ask: (viewer) => {
      const message = missing(viewer);
      if (message !== undefined) throw new Fault('unauthorized', message);
    },
  };
}

function expression(text: string, known: KnownArgs): AuthRule {
  const rule = compileCallRule(text, known);
  return {
    readsInput: rule.inputs.length > 0,
    ask: (viewer, args, now) => {
      const input = inputOf(args, rule.inputs);
      if (input && rule.allows(viewer, input, now)) return;
      if (viewer.kind === 'anonymous') throw new Fault('unauthorized', SIGN_IN);
      throw new Fault('forbidden', 'not allowed');
    },
  };
}

/** The arguments that a rule reads; undefined, so denied, when one of them is nothing that it can compare. */
function inputOf(args: unknown, names: readonly string[]): JsonObject | undefined {
  const input: Record<string, Json> = {};
  if (names.length === 0) return input;
  if (!isJsonObject(args)) return undefined;
  for (const name of names) {
    const value: unknown = Object.hasOwn(args, name) ? args[name] : null;
    if (!isJson(value ?? null)) return undefined;
    input[name] = (value ?? null) as Json;
  }
  return input;
}

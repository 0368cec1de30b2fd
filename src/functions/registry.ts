/**
 * All functions of an app by their dotted name (`notes.create`) and its HTTP routes, made ready to be called:
 * validators and auth rules are compiled here, so that a bad one stops the start.
 */
import { Fault } from '../base/fault.ts';
import type { KnownArgs } from '../policy/call-rule.ts';
import type { FunctionKind, FunctionRef, FunctionTree, FunctionType } from '../schema/app-shape.ts';
import { type AuthMode, type AuthRule, compileAuth } from './auth-rule.ts';
import type { FunctionDef } from './define.ts';
import type { HttpRouteDef } from './http-route.ts';
import { argTypes, type Check, checkArgs, checkReturns } from './validation.ts';

export interface RegisteredFunction {
  readonly name: string;
  readonly kind: FunctionKind;
  readonly internal: boolean;
  readonly rule: AuthRule;
  readonly checkArgs: Check;
  readonly checkResult: Check;
  readonly handler: FunctionDef['handler'];
}

export interface RegisteredRoute {
  readonly method: HttpRouteDef['method'];
  readonly path: string;
  readonly rule: AuthRule;
  readonly handler: HttpRouteDef['handler'];
}

export class Registry {
  readonly routes: readonly RegisteredRoute[];
  readonly #functions = new Map<string, RegisteredFunction>();
  readonly #names = new Map<object, string>();

  /** Throws Fault `invalid`, naming function and column, for an auth expression that cannot be one. */
  constructor(tree: FunctionTree, routes: readonly HttpRouteDef[] = []) {
    this.#add(tree, '');
    this.routes = routes.map(({ method, path, auth, handler }) => {
      return { method, path, handler, rule: ruleOf(auth, new Map(), `${method} ${path}`) };
    });
  }

  get names(): string[] {
    return [...this.#functions.keys()];
  }

  /** For callers from outside. Throws `not_found`, also for an internal function. */
  get(name: string): RegisteredFunction {
    const found = this.#functions.get(name);
    if (!found || found.internal) throw missing(name);
    return found;
  }

  /** For the server's own functions. Throws `not_found`, and `invalid` for another kind. */
  inside(
    kind: FunctionKind,
    target: string | FunctionType | FunctionRef<never, unknown>,
  ): RegisteredFunction {
    const found = this.#find(target);
    if (found.kind !== kind) throw new Fault('invalid', `${found.name}: of kind ${found.kind}, not ${kind}`);
    return found;
  }

  /** For the scheduler. Throws `not_found`, and `invalid` for a query or a function that is not internal. */
  scheduled(target: string | FunctionType | FunctionRef<never, unknown>): RegisteredFunction {
    const found = this.#find(target);
    if (found.kind === 'query') throw new Fault('invalid', `${found.name}: a query cannot be scheduled`);
    if (!found.internal)
      throw new Fault('invalid', `${found.name}: only internal functions can be scheduled`);
    return found;
  }

  #find(target: string | FunctionType | FunctionRef<never, unknown>): RegisteredFunction {
    const name =
      typeof target === 'string' ? target : 'kind' in target ? this.#names.get(target) : target.name;
    const found = name === undefined ? undefined : this.#functions.get(name);
    if (!found) throw missing(name ?? 'that is not in the app');
    return found;
  }

  #add(tree: FunctionTree, prefix: string): void {
    for (const [key, node] of Object.entries(tree)) {
      const name = prefix + key;
      if (isDefinition(node)) {
        const { kind, internal, auth, args, returns, handler } = node;
        this.#functions.set(name, {
          name,
          kind,
          internal,
          rule: ruleOf(auth, argTypes(args), name),
          checkArgs: checkArgs(args),
          checkResult: checkReturns(returns),
          handler,
        });
        this.#names.set(node, name);
      } else this.#add(node as FunctionTree, `${name}.`);
    }
  }
}

function ruleOf(auth: AuthMode, known: KnownArgs, name: string): AuthRule {
  try {
    return compileAuth(auth, known);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw new Fault(error.code, `auth of ${name}: ${error.message}`, error.data);
  }
}

function missing(name: string): Fault {
  return new Fault('not_found', `no function ${JSON.stringify(name)}`);
}

function isDefinition(node: FunctionTree | FunctionType): node is FunctionDef {
  return 'handler' in node && typeof node.handler === 'function';
}

/** All functions of an app by their dotted name: `notes.create`. */
import { Fault } from '../base/fault.ts';
import type { FunctionTree, FunctionType } from '../schema/app-shape.ts';
import type { FunctionDef } from './define.ts';

export class Registry {
  readonly #functions = new Map<string, FunctionDef>();

  constructor(tree: FunctionTree) {
    this.#add(tree, '');
  }

  get names(): string[] {
    return [...this.#functions.keys()];
  }

  /** Throws `not_found`. */
  get(name: string): FunctionDef {
    const found = this.#functions.get(name);
    if (!found) throw new Fault('not_found', `no function ${JSON.stringify(name)}`);
    return found;
  }

  #add(tree: FunctionTree, prefix: string): void {
    for (const [key, node] of Object.entries(tree)) {
      if (isDefinition(node)) this.#functions.set(prefix + key, node);
      else this.#add(node as FunctionTree, `${prefix}${key}.`);
    }
  }
}

function isDefinition(node: FunctionTree | FunctionType): node is FunctionDef {
  return 'handler' in node && typeof node.handler === 'function';
}

/**
 * What plugins add to the `ctx` of mutations, actions and routes. A plugin gives a maker for each name
 * (`PluginInstance.context`) and declares its type by merging with `ContextParts`.
 * Attached to each context by call.ts and actions.ts; a maker runs when a handler first asks for its part.
 */
import { Fault } from '../base/fault.ts';
import type { Schema } from '../schema/define-schema.ts';
import type { JobContext } from '../store/group-commit.ts';
import type { Sight } from './row-source.ts';

/** The call that a part of `ctx` is made for. */
export interface PluginCall {
  /** Whose eyes it sees with, and which policies decide. [P3] */
  readonly sight: Sight;
  /** The mutation's transaction. An action has none: what it writes is a transaction of its own. */
  readonly job: JobContext | undefined;
  /** Of an action: aborted when it is given up. */
  readonly signal: AbortSignal | undefined;
}

export type ContextMakers = Readonly<Record<string, (call: PluginCall) => unknown>>;

/** To be merged with: what `ctx` of mutations, actions and routes has besides, by the app's schema. */
// biome-ignore lint/suspicious/noEmptyInterface: its members are those that plugins declare
export interface ContextParts<_S extends Schema> {}

/** Parts that the type checker may promise while the plugin that makes them is not in the app. */
const PROMISED: Readonly<Record<string, string>> = {
  docs: "docs() from 'ternion/crdt/server'",
  shards: "shards() from 'ternion/shards/server'",
};

export class PluginContext {
  readonly #makers: ContextMakers;
  readonly #names: readonly string[];

  /** Throws `invalid` when two plugins add the same name. */
  constructor(all: readonly ContextMakers[]) {
    const names = all.flatMap((makers) => Object.keys(makers));
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    if (twice !== undefined) throw new Fault('invalid', `two plugins add ctx.${twice}`);
    this.#makers = Object.assign({}, ...all);
    this.#names = [...new Set([...names, ...Object.keys(PROMISED)])];
  }

  /** Adds the plugins' parts to `context`, which stays the same object. A part without its plugin throws. */
  attach<C extends object>(context: C, call: () => PluginCall): C & ContextParts<Schema> {
    for (const name of this.#names) {
      let made: unknown;
      const get = () => {
        made ??= this.#make(name, call());
        return made;
      };
      Object.defineProperty(context, name, { get, configurable: true });
    }
    return context as C & ContextParts<Schema>;
  }

  #make(name: string, call: PluginCall): unknown {
    const maker = this.#makers[name];
    if (!maker)
      throw new Fault('internal', `ctx.${name} needs the plugin ${PROMISED[name]} in defineApp({ plugins })`);
    return maker(call);
  }
}

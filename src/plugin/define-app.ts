/** The value that describes an app to `createServer`; its type describes it to clients. */
import type { HttpRouteDef } from '../functions/http-route.ts';
import type { AppShape, FunctionTree } from '../schema/app-shape.ts';
import type { Schema } from '../schema/define-schema.ts';
import type { Plugin } from './plugin.ts';

export interface App<S extends Schema = Schema, F extends FunctionTree = FunctionTree> extends AppShape {
  readonly schema: S;
  readonly functions: F;
  readonly plugins: readonly Plugin[];
  readonly http: readonly HttpRouteDef[];
}

export function defineApp<S extends Schema, const F extends FunctionTree>(options: {
  schema: S;
  /** By name, nested at will: `{ notes: { create } }` is called as `notes.create`. */
  functions?: F;
  plugins?: readonly Plugin[];
  /** The app's own HTTP routes, made with `httpRoute`. */
  http?: readonly HttpRouteDef[];
}): App<S, F> {
  return {
    schema: options.schema,
    functions: options.functions ?? ({} as F),
    plugins: options.plugins ?? [],
    http: options.http ?? [],
  };
}

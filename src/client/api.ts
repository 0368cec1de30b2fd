/** References to an app's functions by path: `createApi<App>().notes.create` has the name `notes.create`. */
import type { Api, AppShape, FunctionRef } from '../schema/app-shape.ts';
import { functionRefs } from '../schema/function-refs.ts';

/** The same path gives the same object, so references may be dependencies of React hooks. */
export function createApi<App extends AppShape>(): Api<App['functions']> {
  return functionRefs() as Api<App['functions']>;
}

/** What the server calls the function. */
export function nameOf(ref: FunctionRef<never, unknown>): string {
  return ref.name;
}

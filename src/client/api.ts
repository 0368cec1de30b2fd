/** References to an app's functions by path: `createApi<App>().notes.create` has the name `notes.create`. */
import type { Api, AppShape, FunctionRef } from '../schema/app-shape.ts';

/** The same path gives the same object, so references may be dependencies of React hooks. */
export function createApi<App extends AppShape>(): Api<App['functions']> {
  return node('') as Api<App['functions']>;
}

/** What the server calls the function. */
export function nameOf(ref: FunctionRef<never, unknown>): string {
  return ref.name;
}

function node(path: string): object {
  const children = new Map<string, object>();
  return new Proxy(Object.freeze({}), {
    get(_target, key) {
      // `then` would make a reference look like a promise to `await`.
      if (typeof key === 'symbol' || key === 'then') return undefined;
      if (key === 'name') return path;
      let child = children.get(key);
      if (!child) {
        child = node(path === '' ? key : `${path}.${key}`);
        children.set(key, child);
      }
      return child;
    },
  });
}

/** The trees of references behind `createApi` and `createInternalApi`: any path, named as it is walked. */

/** The same path gives the same object. `of` is what each reference has beside its name. */
export function functionRefs(of: Readonly<Record<string, unknown>> = {}): object {
  return node('', of);
}

function node(path: string, of: Readonly<Record<string, unknown>>): object {
  const children = new Map<string, object>();
  return new Proxy(Object.freeze({}), {
    get(_target, key) {
      // `then` would make a reference look like a promise to `await`.
      if (typeof key === 'symbol' || key === 'then') return undefined;
      if (key === 'name') return path;
      if (Object.hasOwn(of, key)) return of[key];
      let child = children.get(key);
      if (!child) {
        child = node(path === '' ? key : `${path}.${key}`, of);
        children.set(key, child);
      }
      return child;
    },
  });
}

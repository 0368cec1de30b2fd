/**
 * For tests: Loro as pages have it, apart from the server's. Pages run on other machines; here they get WebAssembly of
 * their own, and a new one after some traps, so that what breaks a page does not break the server under test.
 */
import { createRequire } from 'node:module';

type Loro = typeof import('loro-crdt');

const require = createRequire(import.meta.url);
const MAX_TRAPS = 15;

export class PagesLoro {
  #loro: Loro = loaded();
  #traps = 0;

  get loro(): Loro {
    return this.#loro;
  }

  /** Traps of all pages. */
  get traps(): number {
    return this.#traps;
  }

  trapped(): void {
    if (++this.#traps % MAX_TRAPS === 0) this.#loro = loaded();
  }
}

function loaded(): Loro {
  const path = require.resolve('loro-crdt');
  const folder = path.slice(0, path.lastIndexOf('/') + 1);
  const others = new Map<string, NodeJS.Module | undefined>();
  for (const key of Object.keys(require.cache)) {
    if (!key.startsWith(folder)) continue;
    others.set(key, require.cache[key]);
    delete require.cache[key];
  }
  try {
    return require(path);
  } finally {
    for (const [key, module] of others) require.cache[key] = module;
  }
}

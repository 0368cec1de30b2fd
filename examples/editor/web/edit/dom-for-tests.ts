/**
 * A DOM for tests that run as Node code, where `ternion/...` and loro-crdt are what Node takes them for: as a
 * whole environment, happy-dom would make Vite look for those of a browser. Import it before an editor.
 */
import { afterAll } from 'vitest';
import { builtinEnvironments } from 'vitest/runtime';

const { teardown } = await builtinEnvironments['happy-dom'].setup(globalThis, {});
afterAll(() => teardown(globalThis));

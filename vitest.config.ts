import { defineConfig } from 'vitest/config';

/** Unit tests, and the browser tests where a Chromium is found (test/e2e says so when none is). */
export default defineConfig({
  ssr: { resolve: { conditions: ['ternion-source', 'node', 'import', 'module', 'default'] } },
  test: {
    include: ['{src,shards,crdt,scripts,bench,examples,test}/**/*.test.{ts,tsx}'],
    exclude: ['**/node_modules/**', 'bench/peers/**', 'test/sim/**'],
    execArgv: ['--conditions=ternion-source'],
    testTimeout: 20_000,
  },
});

import { defineConfig } from 'vitest/config';

const { TERNION_SEED, TERNION_SEEDS = '200' } = process.env;
/** Seeds of the simulations: TERNION_SEED alone, or 1 to TERNION_SEEDS. */
const seeds = TERNION_SEED
  ? [Number(TERNION_SEED)]
  : Array.from({ length: Number(TERNION_SEEDS) }, (_, i) => i + 1);

/** A storm over documents takes a second, on a busy machine many. */
const SEED_MS = 10_000;

const LARGE_APP = 'test/types/large-app.test.ts';

/**
 * Three projects: `unit` and `e2e` are `npm test`, `sim` is `npm run sim`.
 * e2e begins when unit is done, one file at a time: browsers, killed servers and what
 * is timed (LARGE_APP) need the machine to themselves.
 */
export default defineConfig({
  ssr: { resolve: { conditions: ['ternion-source', 'node', 'import', 'module', 'default'] } },
  test: {
    execArgv: ['--conditions=ternion-source'],
    exclude: ['**/node_modules/**', 'bench/peers/**', 'dist/**'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['{src,shards,crdt,scripts,bench,examples,test}/**/*.test.{ts,tsx}'],
          exclude: ['test/{sim,e2e,faults}/**', LARGE_APP],
          testTimeout: 20_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/{e2e,faults}/**/*.test.{ts,tsx}', LARGE_APP],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'sim',
          include: ['test/sim/**/*.test.{ts,tsx}'],
          provide: { seeds },
          testTimeout: Math.max(600_000, seeds.length * SEED_MS),
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});

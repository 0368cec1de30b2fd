/** The same simulation, bit for bit, in Node and in Chromium: what prediction rests on. */
import { fileURLToPath } from 'node:url';
import { build, type Rolldown } from 'vite';
import { expect } from 'vitest';
import { arenaRun, predictedRun } from '../shards/arena-run.ts';
import { browserTest } from './chromium.ts';
import { launch } from './visitor.ts';

const ENTRY = fileURLToPath(new URL('../shards/arena-run.ts', import.meta.url));

/** The module as one script that leaves `arena` on the page. */
async function bundle(): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: 'error',
    resolve: { conditions: ['ternion-source', 'browser', 'import', 'module', 'default'] },
    build: { write: false, lib: { entry: ENTRY, formats: ['iife'], name: 'arena' } },
  });
  const [{ output }] = built as [Rolldown.RolldownOutput];
  return output[0].code;
}

browserTest(
  '[T1] a run in Chromium and what is predicted in it have the very states that they have here',
  async () => {
    const [code, browser] = await Promise.all([bundle(), launch()]);
    try {
      const page = await browser.newPage();
      for (const seed of ['pinned', 'another']) {
        const there = await page.evaluate(
          ([source, name]) =>
            new Function(
              'seed',
              `${source}; return [arena.arenaRun(seed, 600), arena.predictedRun(seed, 600)]`,
            )(name),
          [code, seed] as const,
        );
        expect(there).toEqual([arenaRun(seed, 600), predictedRun(seed, 600)]);
      }
    } finally {
      await browser.close();
    }
  },
);

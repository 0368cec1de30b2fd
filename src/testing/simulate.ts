/**
 * `simulate(title, options, scenario)`: one test that runs a scenario over many seeds, each in a world of its
 * own, and names the failing seed in a line that replays it. Settings: TERNION_SEEDS (how many) and
 * TERNION_SEED (that one alone), read by vitest.config.ts. `every: 20` runs the 1st, 21st, 41st seed and so
 * on: for scenarios that take long.
 */
import { inject, test } from 'vitest';
import type { App } from '../plugin/define-app.ts';
import { World, type WorldOptions } from './world.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Seeds to run, in order. */
    seeds: number[];
  }
}

export function simulate<A extends App>(
  title: string,
  options: Omit<WorldOptions<A>, 'seed'> & { every?: number },
  scenario: (world: World<A>) => Promise<void>,
): void {
  test(title, async () => {
    const { every = 1 } = options;
    for (const seed of inject('seeds').filter((_, i) => i % every === 0)) {
      const world = await World.create({ ...options, seed });
      try {
        await scenario(world);
      } catch (error) {
        const replay = `TERNION_SEED=${seed} npm run sim -- -t ${JSON.stringify(title)}`;
        throw new Error(`seed ${seed} failed; replay: ${replay}`, { cause: error });
      } finally {
        await world.close();
      }
    }
  });
}

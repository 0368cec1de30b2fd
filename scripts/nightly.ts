/**
 * `npm run nightly [-- kills]`: what takes too long for every commit. Real processes are killed 10,000 times, in
 * runs of 200 with a seed each, and the simulations run with 2,000 seeds. Stops at the first failure and
 * prints how to repeat it.
 */
import { spawnSync } from 'node:child_process';

const KILLS = Number(process.argv[2] ?? 10_000);
const KILLS_PER_RUN = 200;
const SEEDS = 2000;

function run(what: string, env: Record<string, string>, args: readonly string[]): void {
  const settings = Object.entries(env).map(([key, value]) => `${key}=${value}`);
  const line = [...settings, 'npx', 'vitest', 'run', ...args].join(' ');
  const begin = performance.now();
  const { status } = spawnSync('node_modules/.bin/vitest', ['run', '--reporter', 'dot', ...args], {
    cwd: `${import.meta.dirname}/..`,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const seconds = ((performance.now() - begin) / 1000).toFixed(0);
  if (status === 0) {
    console.log(`ok    ${what}, ${seconds} s`);
    return;
  }
  console.log(`wrong ${what}, ${seconds} s. Again: ${line}`);
  process.exit(1);
}

for (let done = 0; done < KILLS; done += KILLS_PER_RUN) {
  const kills = Math.min(KILLS_PER_RUN, KILLS - done);
  const seed = String(1 + done / KILLS_PER_RUN);
  const env = { TERNION_KILLS: String(kills), TERNION_SEED: seed };
  run(`${done + kills} of ${KILLS} kills`, env, ['--project', 'e2e', 'test/faults/kill.test.ts']);
}
run(`simulations with ${SEEDS} seeds`, { TERNION_SEEDS: String(SEEDS) }, ['--project', 'sim']);

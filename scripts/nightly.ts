/**
 * `npm run nightly [-- kills | forged]`: what takes too long for every commit. 10,000 forged updates of documents are
 * sent to a server each way (`forged`: that alone) and a table says what became of them; real processes are killed
 * 10,000 times, in runs of 200 with a seed each; and the simulations run with 2,000 seeds. Stops at the first failure
 * and prints how to repeat it.
 */
import { spawnSync } from 'node:child_process';

const [wanted] = process.argv.slice(2);
const KILLS = wanted === 'forged' ? 0 : Number(wanted ?? 10_000);
const KILLS_PER_RUN = 200;
const FORGED = 10_000;
const SEEDS = 2000;
const TABLES = 'test/faults/hostile-updates.test.ts';

function run(what: string, env: Record<string, string>, args: readonly string[]): void {
  const settings = Object.entries(env).map(([key, value]) => `${key}=${value}`);
  const line = [...settings, 'npx', 'vitest', 'run', ...args].join(' ');
  const begin = performance.now();
  const { status } = spawnSync('node_modules/.bin/vitest', ['run', '--reporter', 'dot', ...args], {
    cwd: `${import.meta.dirname}/..`,
    env: { ...process.env, ...env },
    stdio: ['ignore', args.includes(TABLES) ? 'inherit' : 'ignore', 'inherit'],
  });
  const seconds = ((performance.now() - begin) / 1000).toFixed(0);
  if (status === 0) {
    console.log(`ok    ${what}, ${seconds} s`);
    return;
  }
  console.log(`wrong ${what}, ${seconds} s. Again: ${line}`);
  process.exit(1);
}

run(`${FORGED} forged updates each way`, { TERNION_FORGED: String(FORGED) }, ['--project', 'e2e', TABLES]);
for (let done = 0; done < KILLS; done += KILLS_PER_RUN) {
  const kills = Math.min(KILLS_PER_RUN, KILLS - done);
  const seed = String(1 + done / KILLS_PER_RUN);
  const env = { TERNION_KILLS: String(kills), TERNION_SEED: seed };
  run(`${done + kills} of ${KILLS} kills`, env, ['--project', 'e2e', 'test/faults/kill.test.ts']);
}
if (wanted !== 'forged')
  run(`simulations with ${SEEDS} seeds`, { TERNION_SEEDS: String(SEEDS) }, ['--project', 'sim']);

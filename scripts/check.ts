/**
 * `npm run check [-- step ... | -step ...]`: all that must hold before a commit, two steps at a time, one
 * line a step, the output of those that fail. `npm run fix` mends format and lint.
 */
import { spawn } from 'node:child_process';
import { chooseSteps, formatOutcome, type Run, runSteps, type Step } from './steps.ts';

const root = `${import.meta.dirname}/..`;
const node = (...args: string[]) => ['node', ...args];
const bin = (name: string, ...args: string[]) => [`node_modules/.bin/${name}`, ...args];

/** The long ones first, so that both lanes end at about the same time. */
const STEPS: readonly Step[] = [
  {
    name: 'unit',
    command: bin('vitest', 'run', '--project', 'unit', '--reporter', 'dot', '--maxWorkers', '2'),
  },
  { name: 'types', command: bin('tsc', '-p', 'tsconfig.json') },
  { name: 'types-core', command: bin('tsc', '-p', 'tsconfig.core.json') },
  { name: 'types-node', command: bin('tsc', '-p', 'tsconfig.node.json') },
  { name: 'types-browser', command: bin('tsc', '-p', 'tsconfig.browser.json') },
  { name: 'style', command: bin('biome', 'check', '--error-on-warnings', '.') },
  { name: 'house', command: node('scripts/check-house.ts') },
  { name: 'rules', command: node('scripts/check-rules.ts') },
  {
    name: 'sim',
    command: bin('vitest', 'run', '--project', 'sim', '--reporter', 'dot', '--maxWorkers', '1'),
    env: { TERNION_SEEDS: process.env.TERNION_SEEDS ?? '20' },
  },
];

const run: Run = (step) =>
  new Promise((resolve) => {
    const [command, ...args] = step.command;
    const child = spawn(command!, args, { cwd: root, env: { ...process.env, ...step.env } });
    let output = '';
    child.stdout.on('data', (data: Buffer) => {
      output += data;
    });
    child.stderr.on('data', (data: Buffer) => {
      output += data;
    });
    child.on('error', (error) => resolve({ ok: false, output: String(error) }));
    child.on('close', (code) => resolve({ ok: code === 0, output }));
  });

const begin = performance.now();
const ok = await runSteps(chooseSteps(STEPS, process.argv.slice(2)), {
  lanes: 2,
  run,
  now: () => performance.now(),
  ended: (outcome) => console.log(formatOutcome(outcome)),
});
console.log(
  `${ok ? 'all is well' : 'something is wrong'} after ${((performance.now() - begin) / 1000).toFixed(0)} s`,
);
process.exitCode = ok ? 0 : 1;

/**
 * `npm run build`: JavaScript, declarations and source maps of the rooms in dist/, then a look at what came
 * out: every entry of package.json exists, and nothing in it still names a `.ts` file.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
rmSync(join(root, 'dist'), { recursive: true, force: true });
const tsc = spawnSync(join(root, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
});

const bins = tsc.status === 0 ? makeExecutable() : [];
const problems = tsc.status === 0 ? [...bins, ...missingEntries(), ...leftSourceNames()] : ['tsc failed'];
for (const problem of problems) console.error(problem);
console.log(problems.length === 0 ? 'dist/ is complete' : `${problems.length} to mend`);
process.exitCode = problems.length === 0 ? 0 : 1;

/** npm does it for who installs the package; this is for who runs it from the tree. */
function makeExecutable(): string[] {
  const manifest: { bin: Record<string, string> } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  );
  return Object.values(manifest.bin).flatMap((target) => {
    const file = join(root, target);
    if (!existsSync(file) || !readFileSync(file, 'utf8').startsWith('#!'))
      return [`bin ${target}: no script`];
    chmodSync(file, 0o755);
    return [];
  });
}

function missingEntries(): string[] {
  const manifest: { exports: Record<string, string | Record<string, string>> } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  );
  const targets = Object.values(manifest.exports).flatMap((entry) =>
    typeof entry === 'string' ? [] : [entry.types, entry.default],
  );
  return targets.flatMap((target) =>
    target === undefined || existsSync(join(root, target))
      ? []
      : [`package.json exports ${target}: no such file`],
  );
}

/** tsc rewrites imports only: `new URL('./worker.ts', import.meta.url)` must take its ending from its own file. */
function leftSourceNames(): string[] {
  const files = readdirSync(join(root, 'dist'), { recursive: true, encoding: 'utf8' });
  return files.flatMap((file) => {
    if (!file.endsWith('.js')) return [];
    const found = /new URL\(\s*['"`][^'"`]*\.tsx?['"`]/.exec(readFileSync(join(root, 'dist', file), 'utf8'));
    return found ? [`dist/${file}: ${found[0]}) is not rewritten`] : [];
  });
}

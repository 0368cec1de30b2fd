/**
 * `node scripts/check-rules.ts`: the rules of docs/rules and the tests that hold them agree. With `--fix`,
 * `*planned*` is first taken away from rules that have a test.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { report } from './finding.ts';
import { checkRules, countRules, mendRules } from './rules/rules.ts';
import { readTree } from './tree.ts';

const root = join(import.meta.dirname, '..');
if (process.argv.includes('--fix')) {
  for (const [path, text] of mendRules(readTree(root))) writeFileSync(join(root, path), text);
}
const tree = readTree(root);
const { held, planned } = countRules(tree);
const ok = report(checkRules(tree), `${held} rules are held by tests, ${planned} are planned`);
process.exitCode = ok ? 0 : 1;

/** `node scripts/check-rules.ts`: the rules of docs/rules and the tests that hold them agree. */
import { report } from './finding.ts';
import { checkRules, countRules } from './rules/rules.ts';
import { readTree } from './tree.ts';

const tree = readTree(`${import.meta.dirname}/..`);
const { held, planned } = countRules(tree);
const ok = report(checkRules(tree), `${held} rules are held by tests, ${planned} are planned`);
process.exitCode = ok ? 0 : 1;

/** `node scripts/check-house.ts`: the rules of docs/architecture.md that a machine can check. */
import { report } from './finding.ts';
import { ALLOWED } from './house/allow.ts';
import { checkHouse } from './house/house.ts';
import { readTree } from './tree.ts';

const tree = readTree(`${import.meta.dirname}/..`);
const ok = report(checkHouse(tree, ALLOWED), `${tree.size} files keep the house rules`);
process.exitCode = ok ? 0 : 1;

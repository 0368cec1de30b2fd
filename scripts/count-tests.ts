/**
 * `node scripts/count-tests.ts <folder> [name of a failed step ...]`: sums the JSON reports of vitest in a
 * folder and prints one line, `N passed, N failed, N skipped`. Ends with 1 when anything failed.
 * A step that failed without a failed test in its report (`<name>.json`) counts as one failure.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** `reports` are by the name of their step; `text` is undefined or broken when the step wrote none. */
export function countTests(reports: ReadonlyMap<string, string>, failedSteps: readonly string[]): Counts {
  const sum = { passed: 0, failed: 0, skipped: 0 };
  const broken = new Set(failedSteps);
  for (const [name, text] of reports) {
    const counts = readReport(text);
    if (counts === undefined) {
      broken.add(name);
      continue;
    }
    sum.passed += counts.passed;
    sum.failed += counts.failed;
    sum.skipped += counts.skipped;
    if (counts.failed > 0) broken.delete(name);
    else if (!counts.success) broken.add(name);
  }
  sum.failed += broken.size;
  return sum;
}

export const formatCounts = ({ passed, failed, skipped }: Counts): string =>
  `${passed} passed, ${failed} failed, ${skipped} skipped`;

function readReport(text: string): (Counts & { success: boolean }) | undefined {
  try {
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, success } = JSON.parse(text);
    const counts = {
      passed: numPassedTests,
      failed: numFailedTests,
      skipped: numPendingTests + numTodoTests,
    };
    return Object.values(counts).every(Number.isSafeInteger)
      ? { ...counts, success: success === true }
      : undefined;
  } catch {
    return undefined;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [folder = '.', ...failedSteps] = process.argv.slice(2);
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  const reports = files.map((file): [string, string] => [
    file.replace(/\.json$/, ''),
    readFileSync(join(folder, file), 'utf8'),
  ]);
  const counts = countTests(new Map(reports), failedSteps);
  console.log(formatCounts(counts));
  process.exitCode = counts.failed === 0 && counts.passed > 0 ? 0 : 1;
}

import { expect, test } from 'vitest';
import { countTests, formatCounts } from './count-tests.ts';

const report = (passed: number, failed: number, skipped = 0, success = failed === 0) =>
  JSON.stringify({
    numPassedTests: passed,
    numFailedTests: failed,
    numPendingTests: skipped,
    numTodoTests: 0,
    success,
  });

const count = (reports: Record<string, string>, failedSteps: string[] = []) =>
  formatCounts(countTests(new Map(Object.entries(reports)), failedSteps));

test('reports are summed', () => {
  expect(count({ test: report(10, 0, 2), sim: report(5, 0) })).toBe('15 passed, 0 failed, 2 skipped');
  expect(count({})).toBe('0 passed, 0 failed, 0 skipped');
});

test('a step that counted its failures is not counted again', () => {
  expect(count({ test: report(8, 2), sim: report(5, 0) }, ['test'])).toBe('13 passed, 2 failed, 0 skipped');
});

test('a step that failed without a failed test counts as one', () => {
  expect(count({ test: report(10, 0) }, ['check'])).toBe('10 passed, 1 failed, 0 skipped');
  expect(count({ test: report(10, 0, 0, false) }, ['test'])).toBe('10 passed, 1 failed, 0 skipped');
  expect(count({ test: report(10, 0, 0, false) })).toBe('10 passed, 1 failed, 0 skipped');
});

test('a report that cannot be read counts as a failure', () => {
  expect(count({ test: '', sim: '{}' })).toBe('0 passed, 2 failed, 0 skipped');
});

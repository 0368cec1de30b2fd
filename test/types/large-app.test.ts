/**
 * An app of 300 functions, inferred from end to end: how long the type checker takes for it, and what it sees. The
 * second is not timed: to look for any at any depth, and to report 600 expected errors, costs more than the app.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ENTITIES, FUNCTIONS_EACH, largeApp } from './large-app.ts';

const root = join(import.meta.dirname, '../..');
const MAX_CHECK_S = 2;
/** The machine may do other things at the same time: the best of so many counts. */
const RUNS = 5;
/** What an app imports. Here that is the library's sources, users get its declarations: checking those is not the app's. */
const LIBRARY = `import 'ternion';
import 'ternion/client';
import 'ternion/server';
`;

let folder: string;
beforeAll(() => {
  // Inside the repository, so that "ternion/..." is this tree. No tool looks into it.
  mkdirSync(join(root, '.ternion'), { recursive: true });
  folder = mkdtempSync(join(root, '.ternion/large-app-'));
  writeFileSync(join(folder, 'library.ts'), LIBRARY);
  for (const [name, text] of Object.entries(largeApp())) writeFileSync(join(folder, name), text);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/**
 * Checks a file and all that it imports, with one checker: several share nothing, and repeat more the more there
 * are. Rejects with what the type checker says, where it says anything.
 */
async function checkSeconds(file: string): Promise<number> {
  const config = join(folder, `${file}.json`);
  writeFileSync(config, JSON.stringify({ extends: '../../tsconfig.json', include: [], files: [file] }));
  const tsc = join(root, 'node_modules/.bin/tsc');
  const args = ['-p', config, '--noEmit', '--extendedDiagnostics', '--checkers', '1'];
  const { stdout } = await promisify(execFile)(tsc, args).catch((error) => {
    throw new Error(String(error.stdout).slice(0, 4000));
  });
  const [, seconds] = /^Check time:\s+([\d.]+)s$/m.exec(stdout) ?? [];
  return Number(seconds);
}

test(`an app of 300 functions and a client that calls each are checked in less than ${MAX_CHECK_S} s`, async () => {
  expect(ENTITIES * FUNCTIONS_EACH).toBe(300);
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < RUNS && !(best < MAX_CHECK_S); run++) {
    const libraryS = await checkSeconds('library.ts');
    best = Math.min(best, (await checkSeconds('client.ts')) - libraryS);
  }
  expect(best).toBeLessThan(MAX_CHECK_S);
});

test('of each of 300 functions, wrong arguments and wrong uses of the result are errors, and nothing is any', async () => {
  await expect(checkSeconds('strictness.ts')).resolves.toBeGreaterThan(0);
});

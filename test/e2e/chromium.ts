/**
 * Browser tests run where a Chromium is found. Where none is they are skipped and say why, except in CI
 * (`CI=true`), where a missing browser is a failure.
 */
import { existsSync } from 'node:fs';
import { expect, type TestFunction, test } from 'vitest';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const REASON = 'no Chromium found: install one, or set CHROMIUM_PATH';

/** `CHROMIUM_PATH`, else the first of the usual places that exists. */
export function chromiumPath(env = process.env, exists = existsSync): string | undefined {
  return [env.CHROMIUM_PATH, ...PLACES].find((path) => path !== undefined && path !== '' && exists(path));
}

if (chromiumPath() === undefined) process.stderr.write(`Browser tests do not run: ${REASON}.\n`);

/** As `test`, for a test that starts `chromiumPath()`. */
export function browserTest(title: string, run: TestFunction): void {
  if (chromiumPath() !== undefined) test(title, run);
  else if (process.env.CI === 'true') test(title, () => expect.fail(REASON));
  else test.skip(`${title} (${REASON})`, run);
}

import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { browserTest, chromiumPath } from './chromium.ts';

test('CHROMIUM_PATH comes first, then the usual places', () => {
  const everything = () => true;
  expect(chromiumPath({ CHROMIUM_PATH: '/opt/chrome' }, everything)).toBe('/opt/chrome');
  expect(chromiumPath({}, everything)).toBe('/usr/bin/chromium');
  expect(chromiumPath({ CHROMIUM_PATH: '/gone' }, (path) => path === '/usr/bin/chromium-browser')).toBe(
    '/usr/bin/chromium-browser',
  );
  expect(chromiumPath({}, () => false)).toBeUndefined();
});

browserTest('the browser for these tests says its version', () => {
  expect(execFileSync(chromiumPath()!, ['--version'], { encoding: 'utf8' })).toMatch(/\d+\.\d+/);
});

import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { app } from '../examples/guides/functions.ts';
import { Registry } from '../src/functions/registry.ts';

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
/** Without what stands at the left: a snippet may come from inside a function. */
const flush = (code: string) => code.replace(/^ +/gm, '');

const pages = readdirSync(new URL('../docs/guides', import.meta.url));

test('there are guides', () => expect(pages).toContain('functions.md'));

test.each(pages)('the code in %s is that of examples/guides, which is type-checked', (page) => {
  const guide = read(`docs/guides/${page}`);
  const blocks = [...guide.matchAll(/```ts\n\/\/ (.*)\n([\s\S]*?)```/g)];
  expect(blocks.length).toBe(guide.split('```ts').length - 1);
  expect(blocks.length).toBeGreaterThan(0);
  for (const [, name, code] of blocks) expect(flush(read(`examples/guides/${name}`))).toContain(flush(code!));
});

test('the functions of the guide start', () => {
  expect(new Registry(app.functions, app.http).names).toContain('notes.create');
});

import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { DEFAULT_DOC } from '../crdt/client/options.ts';
import { DEFAULT_DOCS } from '../crdt/server/options.ts';
import { app } from '../examples/guides/functions.ts';
import { DEFAULT_PLAY_SETTINGS } from '../shards/client/play-settings.ts';
import { Registry } from '../src/functions/registry.ts';

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
/** Without what stands at the left: a snippet may come from inside a function. */
const flush = (code: string) => code.replace(/^ +/gm, '');

const names = (folder: string) => readdirSync(new URL(`../${folder}`, import.meta.url));
const pages = names('docs/guides');
const sources = ['examples/guides', 'examples/editor/web/edit'].flatMap((folder) =>
  names(folder).map((name) => flush(read(`${folder}/${name}`))),
);

test('there are guides', () => expect(pages).toContain('functions.md'));

test.each(pages)('the code in %s stands in an example, where it is type-checked', (page) => {
  const blocks = [...read(`docs/guides/${page}`).matchAll(/```ts\n(?:\/\/ \S+\.tsx?\n)?([\s\S]*?)```/g)];
  expect(blocks.length).toBeGreaterThan(0);
  for (const [, code] of blocks) {
    const found = sources.some((source) => source.includes(flush(code!)));
    expect(found, code).toBe(true);
  }
});

test('the functions of the guide start', () => {
  expect(new Registry(app.functions, app.http).names).toContain('notes.create');
});

test.each([
  ['server', DEFAULT_DOCS],
  ['client', DEFAULT_DOC],
])('every setting of documents on the %s stands in a guide', (_side, settings) => {
  const guides = ['operations', 'hostile-updates'].map((page) => read(`docs/guides/${page}.md`)).join('');
  expect(Object.keys(settings).filter((name) => !guides.includes(`\`${name}\``))).toEqual([]);
});

test('every setting of how a page draws a shard stands in its guide', () => {
  const guide = read('docs/guides/netcode.md');
  expect(Object.keys(DEFAULT_PLAY_SETTINGS).filter((name) => !guide.includes(`\`${name}\``))).toEqual([]);
});

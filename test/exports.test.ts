import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

type Entry = string | { 'ternion-source': string; types: string; default: string };
const manifest: { exports: Record<string, Entry> } = JSON.parse(readFileSync('package.json', 'utf8'));
const entries = Object.entries(manifest.exports).flatMap(([name, entry]) =>
  typeof entry === 'string' ? [] : [{ name, entry }],
);

test.each(entries)('$name points at a source and at what the build makes of it', ({ entry }) => {
  const source = entry['ternion-source'];
  expect(existsSync(source), `${source} exists`).toBe(true);
  const built = source.replace('./', './dist/');
  expect(entry.types).toBe(built.replace(/\.tsx?$/, '.d.ts'));
  expect(entry.default).toBe(built.replace(/\.tsx?$/, '.js'));
});

test('the source stands before the build, so that the condition wins', () => {
  for (const { entry } of entries) expect(Object.keys(entry)).toEqual(['ternion-source', 'types', 'default']);
});

/** In a process of its own, by the package's name: as an example or a user imports it. */
const IMPORT_ALL = `
  const failed = {};
  for (const name of JSON.parse(process.argv[1])) {
    await import(name).catch((error) => { failed[name] = String(error); });
  }
  console.log(JSON.stringify(failed));
`;

test('every entry can be imported from the tree by plain Node', () => {
  const names = entries.map(({ name }) => name.replace('.', 'ternion'));
  const args = [
    '--conditions=ternion-source',
    '--input-type=module',
    '--eval',
    IMPORT_ALL,
    JSON.stringify(names),
  ];
  expect(JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }))).toEqual({});
});

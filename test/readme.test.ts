import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
const readme = read('README.md');

test('the code in the README is that of examples/hello, which is type-checked', () => {
  const blocks = [...readme.matchAll(/```ts\n\/\/ (.*)\n([\s\S]*?)```/g)];
  expect(blocks.map(([, name]) => name)).toEqual(['shared.ts', 'server.ts', 'client.ts']);
  for (const [, name, code] of blocks) expect(read(`examples/hello/${name}`)).toContain(code);
});

test('every dependency has its line in the README', () => {
  const { dependencies, devDependencies, peerDependencies } = JSON.parse(read('package.json'));
  for (const name of Object.keys({ ...dependencies, ...devDependencies, ...peerDependencies })) {
    expect(readme, name).toContain(name.startsWith('@types/') ? '`@types/*`' : `\`${name}\``);
  }
});

test('every script is in the README', () => {
  for (const name of Object.keys(JSON.parse(read('package.json')).scripts)) {
    expect(readme).toContain(['start', 'test'].includes(name) ? `npm ${name}` : `npm run ${name}`);
  }
});

import { expect, test } from 'vitest';
import { check, messages } from './sample-house.ts';

const lines = (count: number) => 'export const a = 1;\n'.repeat(1) + '// more\n'.repeat(count - 1);

test('a room imports itself and what the table allows', () => {
  const files = {
    'src/base/a.ts': 'export const a = 1;',
    'src/store/b.ts': "import { a } from '../base/a.ts';\nexport const b = a;",
    'src/store/c.ts': "export { b } from './b.ts';",
    'src/studio/ui/d.ts': "import type { e } from '../../client/e.ts';\nexport type D = typeof e;",
    'src/client/e.ts': 'export const e = 1;',
    'src/search/f.ts': "export * from '../store/b.ts';",
    'shards/core/g.ts': "export * from '../../src/base/a.ts';",
  };
  expect(check(files)).toEqual([]);
});

test.each([
  ['a value import', "import { b } from '../store/b.ts';\nexport const a = b;"],
  ['a type import', "import type { b } from '../store/b.ts';\nexport type A = typeof b;"],
  ['a re-export', "export { b } from '../store/b.ts';"],
  ['a star re-export', "export * from '../store/b.ts';"],
  ['a dynamic import', "export const a = () => import('../store/b.ts');"],
  ['a type in the middle of an expression', "export type A = import('../store/b.ts').B;"],
  ['a worker', "export const a = new URL('../store/b.ts', import.meta.url);"],
])('a room that imports what it may not fails: %s', (_, text) => {
  const files = { 'src/base/a.ts': text, 'src/store/b.ts': 'export const b = 1;\nexport type B = 1;' };
  expect(check(files)).toEqual(['src/base/a.ts:1 import']);
  expect(messages(files)).toEqual(['base may not import store']);
});

test('comments and strings import nothing', () => {
  const text = "// import '../store/b.ts'\nexport const a = \"import x from '../store/b.ts'\";";
  expect(check({ 'src/base/a.ts': text, 'src/store/b.ts': '' })).toEqual([]);
});

test('the table knows no sub-room by accident, and src imports neither shards nor crdt', () => {
  const files = {
    'src/studio/a.ts': "export * from './ui/b.ts';",
    'src/studio/ui/b.ts': 'export const b = 1;',
    'src/base/c.ts': "export * from '../../shards/core/d.ts';",
    'shards/core/d.ts': 'export const d = 1;',
  };
  expect(check(files)).toEqual(['src/base/c.ts:1 import', 'src/studio/a.ts:1 import']);
});

test('a folder without a line in the table fails', () => {
  expect(check({ 'src/cache/a.ts': '', 'src/loose.ts': '', 'src/index.ts': '' })).toEqual([
    'src/cache/a.ts:0 room',
    'src/loose.ts:0 room',
  ]);
});

test('the kit in a room’s testing folder is a test, and product code may not import it', () => {
  const files = {
    'src/store/testing/kit.ts': "import '../../../test/c.ts';\nimport 'vitest';",
    'src/store/a.ts': "import './testing/kit.ts';",
    'test/c.ts': '',
  };
  expect(check(files)).toEqual(['src/store/a.ts:1 import']);
});

test('tests may import anything; product code may not import tests, examples or scripts', () => {
  const files = {
    'src/base/a.test.ts': "import '../store/b.ts';\nimport 'vitest';\nimport 'node:fs';",
    'src/store/b.ts': "import '../../test/c.ts';\nimport './b.test.ts';\nimport '../../examples/d.ts';",
    'test/c.ts': '',
    'src/store/b.test.ts': '',
    'examples/d.ts': '',
  };
  expect(check(files)).toEqual([
    'src/store/b.ts:1 import',
    'src/store/b.ts:2 import',
    'src/store/b.ts:3 import',
  ]);
});

test('another room is imported by its files, not by its index, and never through the package name', () => {
  const files = {
    'src/server/index.ts': '',
    'src/cli/a.ts': "import '../server/index.ts';\nimport 'ternion/server';",
  };
  expect(check(files)).toEqual(['src/cli/a.ts:1 import', 'src/cli/a.ts:2 import']);
});

test('platform-free and browser rooms import no Node modules, Node rooms write node:', () => {
  const files = {
    'src/base/a.ts': "import 'node:fs';",
    'src/client/b.ts': "import 'path';",
    'src/store/c.ts': "import 'node:fs';\nimport 'path';",
  };
  expect(check(files)).toEqual([
    'src/base/a.ts:1 import',
    'src/client/b.ts:1 import',
    'src/store/c.ts:2 import',
  ]);
});

test('packages are imported where they belong', () => {
  const files = {
    'src/base/a.ts': "import 'ws';\nimport 'idb';",
    'src/client/b.ts': "import 'idb';\nimport 'ws';",
    'src/server/c.ts': "import 'ws';\nimport 'loro-crdt';\nimport 'vitest';\nimport 'lodash/fp';",
    'crdt/server/d.ts': "import 'loro-crdt';",
  };
  expect(check(files)).toEqual([
    'src/base/a.ts:1 import',
    'src/base/a.ts:2 import',
    'src/client/b.ts:2 import',
    'src/server/c.ts:2 import',
    'src/server/c.ts:3 import',
    'src/server/c.ts:4 import',
  ]);
});

test('import cycles fail, inside a room and through types', () => {
  const files = {
    'src/base/a.ts': "import type { B } from './b.ts';\nexport type A = B;",
    'src/base/b.ts': "import type { C } from './c.ts';\nexport type B = C;",
    'src/base/c.ts': "import type { A } from './a.ts';\nexport type C = A;",
    'src/base/d.ts': "import type { A } from './a.ts';\nexport type D = A;",
    'src/base/self.ts': "export * from './self.ts';",
  };
  expect(check(files)).toEqual(['src/base/a.ts:0 cycle', 'src/base/self.ts:0 cycle']);
  expect(messages(files)[0]).toBe(
    'import cycle: src/base/a.ts -> src/base/b.ts -> src/base/c.ts -> src/base/a.ts',
  );
});

test('a worker that imports a type of the file that starts it is no cycle', () => {
  const files = {
    'src/server/host.ts':
      "export type Job = 1;\nexport const worker = new URL('./worker.ts', import.meta.url);",
    'src/server/worker.ts': "import type { Job } from './host.ts';\nexport type Mine = Job;",
  };
  expect(check(files)).toEqual([]);
});

test('a file of more than 300 lines is a warning, of more than 500 a failure', () => {
  const files = { 'src/base/a.ts': lines(300), 'src/base/b.ts': lines(301), 'src/base/c.ts': lines(500) };
  expect(check(files)).toEqual(['src/base/b.ts:0 length (warning)', 'src/base/c.ts:0 length (warning)']);
  expect(check({ 'test/d.ts': lines(501) })).toEqual(['test/d.ts:0 length']);
});

test.each(['utils', 'helpers', 'common', 'types', 'manager', 'service', 'session-manager', 'string-utils'])(
  'the name %s says nothing',
  (name) => {
    expect(check({ [`src/base/${name}.ts`]: '' })).toEqual([`src/base/${name}.ts:0 name`]);
    expect(check({ [`src/base/${name}/a.ts`]: '' })).toEqual([`src/base/${name}/a.ts:0 name`]);
  },
);

test('names that say something pass', () => {
  expect(
    check({ 'src/base/services.ts': '', 'src/base/type-of.ts': '', 'test/types/a.test.ts': '' }),
  ).toEqual([]);
});

test('an index.ts stands only where package.json exports point', () => {
  expect(check({ 'src/index.ts': '', 'src/server/index.ts': '', 'src/store/index.ts': '' })).toEqual([
    'src/store/index.ts:0 index',
  ]);
});

test('default exports and state of a module fail', () => {
  const files = {
    'src/base/a.ts': 'export default 1;',
    'src/base/b.ts': 'let count = 0;\nexport const next = () => count++;',
    'src/base/c.ts': 'export let count = 0;',
    'src/base/d.ts':
      'const cache = new Map<string, number>();\nexport const get = (k: string) => cache.get(k);',
    'src/base/e.ts':
      "const none: ReadonlySet<string> = new Set();\nexport const nothing: Versions = new Map();\nconst few = new Set(['a']);\nexport const f = () => { let a = 1; return [a++, none, few]; };",
    'src/base/f.ts': 'export const cache: WeakMap<object, number> = new WeakMap();',
    'src/base/b.test.ts': 'let count = 0;\nexport const next = () => count++;',
  };
  expect(check(files)).toEqual([
    'src/base/a.ts:1 default-export',
    'src/base/b.ts:1 module-state',
    'src/base/c.ts:1 module-state',
    'src/base/d.ts:1 module-state',
    'src/base/f.ts:1 module-state',
  ]);
});

test('an exception holds for its file and check, and fails once nothing needs it', () => {
  const allowed = [{ path: 'src/base/a.ts', rule: 'ambient', reason: 'a test' }];
  const clock = 'export const f = () => Date.now();';
  expect(check({ 'src/base/a.ts': clock, 'src/base/b.ts': clock }, allowed)).toEqual([
    'src/base/b.ts:1 ambient',
  ]);
  expect(check({ 'src/base/a.ts': '' }, allowed)).toEqual(['src/base/a.ts:0 allow']);
});

test('a file that does not parse is a finding, not a crash', () => {
  expect(check({ 'src/base/a.ts': 'const = 1' })).toEqual(['src/base/a.ts:0 syntax']);
});

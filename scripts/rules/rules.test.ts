import { expect, test } from 'vitest';
import { idsOf } from './mentions.ts';
import { checkRules, countRules, mendRules } from './rules.ts';

const RULES = `# L: log and store
Text about [L9] that is no rule.
- [L1] one
- [L2] two,
  over two lines *planned*
`;

function check(files: Record<string, string>): string[] {
  const tree = new Map(Object.entries({ 'docs/rules/log-and-store.md': RULES, ...files }));
  return checkRules(tree).map(({ path, line, message }) => `${path}:${line} ${message}`);
}

const holdsL1 = { 'src/store/a.test.ts': "test('[L1] seq grows', () => {});" };

test('rules with tests, and planned ones without, pass', () => {
  expect(check(holdsL1)).toEqual([]);
  expect(countRules(new Map([['docs/rules/log-and-store.md', RULES]]))).toEqual({ held: 1, planned: 1 });
});

test.each([
  ['a simulation', 'test/sim/a.test.ts', "simulate('[L1] at rest', async () => {});"],
  ['a table of cases', 'src/store/a.test.tsx', "test.each([1])('[L1] case %i', () => {});"],
  ['a contract suite', 'test/contract/store.ts', 'suite(`[L1] holds`, () => {});'],
  ['a skipped test names its rule too', 'src/store/a.test.ts', "test.skipIf(no)('[L1] seq', () => {});"],
  ['two ids', 'src/store/a.test.ts', "describe('[L1][L1] both', () => {});"],
])('a title that begins with the id holds the rule: %s', (_, path, text) => {
  expect(check({ [path]: text })).toEqual([]);
});

test.each([
  ['the id stands later in the title', 'src/store/a.test.ts', "test('seq grows [L1]', () => {});"],
  ['the title is commented out', 'src/store/a.test.ts', "// test('[L1] seq grows', () => {});"],
  ['the file is no test', 'src/store/a.ts', "export const a = test('[L1] seq grows');"],
])('a rule without a test fails: %s', (_, path, text) => {
  expect(check({ [path]: text })).toEqual([
    'docs/rules/log-and-store.md:3 [L1] has no test: write one whose title begins with it, or end the line with *planned*',
  ]);
});

test('a planned rule that has a test fails, so that the mark goes away', () => {
  expect(check({ ...holdsL1, 'test/b.test.ts': "\ntest('[L2] durable', () => {});" })).toEqual([
    'docs/rules/log-and-store.md:4 [L2] has a test (test/b.test.ts:2): take *planned* away (npm run fix does)',
  ]);
});

test('the mark is taken from rules that have a test, and from no other', () => {
  const page = `${RULES}- [L3] three *planned*\n`;
  const tree = new Map([
    ['docs/rules/log-and-store.md', page],
    ['test/b.test.ts', "test('[L2] durable', () => {});"],
  ]);
  expect([...mendRules(tree)]).toEqual([
    ['docs/rules/log-and-store.md', page.replace('two lines *planned*', 'two lines')],
  ]);
  expect(mendRules(new Map([['docs/rules/log-and-store.md', page]])).size).toBe(0);
});

test('a test that names an unknown rule fails', () => {
  expect(check({ ...holdsL1, 'test/b.test.ts': "test('[X7] what', () => {});" })).toEqual([
    'test/b.test.ts:1 docs/rules knows no [X7]',
  ]);
});

test('a comment that names an unknown rule fails, a line further down too', () => {
  const text = '/**\n * Holds [L1] and [S3].\n */\nexport const a = [L1], b = x[S3];';
  expect(check({ ...holdsL1, 'src/store/a.ts': text })).toEqual([
    'src/store/a.ts:2 docs/rules knows no [S3]',
  ]);
});

test('an id is never used twice', () => {
  expect(check({ ...holdsL1, 'docs/rules/node.md': '- [L1] again' })).toEqual([
    'docs/rules/node.md:1 L1 stands at docs/rules/log-and-store.md:3 already; an id is never used twice',
  ]);
});

test('ids are read from the head of a title only', () => {
  expect(idsOf('[L1] [L3] a [S1] b')).toEqual(['L1', 'L3']);
  expect(idsOf('a [L1]')).toEqual([]);
  expect(idsOf('[LL1] a')).toEqual([]);
});

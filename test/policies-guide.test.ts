import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../src/base/json.ts';
import { Access } from '../src/policy/access.ts';
import { MAX_EXPRESSION_CHARS, MAX_EXPRESSION_DEPTH, MAX_LIST_ITEMS } from '../src/policy/limits.ts';
import type { Viewer } from '../src/policy/viewer.ts';
import { defineSchema } from '../src/schema/define-schema.ts';
import { entity } from '../src/schema/entity.ts';
import { field } from '../src/schema/field.ts';
import { type PolicySpec, policy } from '../src/schema/policy-spec.ts';

/** The entity of the page; a test below compares its text. */
const Note = entity('Note', {
  title: field.string(),
  ownerId: field.id('User').optional(),
  status: field.enum('draft', 'live'),
  likes: field.int(),
  publishAt: field.datetime(),
  pinned: field.bool().optional(),
  memberIds: field.json<string[]>(),
});

const page = readFileSync(new URL('../docs/guides/policies.md', import.meta.url), 'utf8');
const own = readFileSync(import.meta.filename, 'utf8');
const blocks = (kind: string) =>
  [...page.matchAll(new RegExp(`\`\`\`${kind}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, text]) => text!.trim());
/** Rows of the table that follows the line, without their backquotes. */
const table = (head: string) => {
  const [rows] = page.slice(page.indexOf(head)).split('\n\n');
  return rows!
    .split('\n')
    .slice(2)
    .map((row) => row.split(' | ').map((cell) => cell.replace(/^\| | \|$|`/g, '')));
};

const start = (spec: Omit<PolicySpec, 'entity'>) =>
  new Access(defineSchema({ entities: [Note], policies: [policy({ entity: 'Note', ...spec })] }), () => 0);
const eve: Viewer = { userId: 'eve', kind: 'user', roles: [], name: null };
const may = (allowRead: string, data: JsonObject) => start({ allowRead }).may('read', 'Note', eve, { data });

describe('docs/guides/policies.md', () => {
  test('the entity of the page is the one of this test', () => {
    expect(own).toContain(blocks('ts')[1]);
  });

  test('the first policy starts', () => {
    const clauses = [...blocks('ts')[0]!.matchAll(/(allow\w+): (?:"(.*)"|'(.*)'),/g)];
    expect(clauses).toHaveLength(4);
    start(Object.fromEntries(clauses.map(([, name, a, b]) => [name, a ?? b])));
  });

  const expressions = blocks('policy').flatMap((block) => block.split('\n'));
  test('there are expressions', () => expect(expressions.length).toBeGreaterThan(5));
  test.each(expressions)('%s starts', (allowRead) => {
    start({ allowRead }).reads('Note', eve);
  });
  test.each(table('| expression, where'))('where the fields are null, %s is %s', (text, value) => {
    expect(String(may(text!, { ownerId: null, pinned: null }))).toBe(value);
  });
  test.each(table('| expression | message'))('%s stops the start', (allowRead, message) => {
    expect(() => start({ allowRead: allowRead! })).toThrow(message);
  });

  test('the limits are those of the code', () => {
    for (const limit of [
      `${MAX_EXPRESSION_CHARS} characters`,
      `${MAX_EXPRESSION_DEPTH} levels`,
      `${MAX_LIST_ITEMS} items`,
    ])
      expect(page).toContain(limit);
  });

  test('the explanation is the one that is given', () => {
    const given = JSON.parse(blocks('json explain')[0]!);
    const access = start({ allowRead: given.text });
    expect(access.explain('read', 'Note', eve, { data: { ownerId: 'ada' } })).toEqual(given);
  });
});

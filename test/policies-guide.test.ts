import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Member, Note, schema } from '../examples/guides/policies.ts';
import type { JsonObject } from '../src/base/json.ts';
import { Access } from '../src/policy/access.ts';
import {
  MAX_EXISTS,
  MAX_EXPRESSION_CHARS,
  MAX_EXPRESSION_DEPTH,
  MAX_LIST_ITEMS,
} from '../src/policy/limits.ts';
import type { Viewer } from '../src/policy/viewer.ts';
import { defineSchema } from '../src/schema/define-schema.ts';
import { type PolicySpec, policy } from '../src/schema/policy-spec.ts';
import { DEFAULT_SURVEY } from '../src/sync/limits.ts';
import { LOG_COMMITS } from '../src/sync/log-reader.ts';

const page = readFileSync(new URL('../docs/guides/policies.md', import.meta.url), 'utf8');
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
  new Access(
    defineSchema({ entities: [Note, Member], policies: [policy({ entity: 'Note', ...spec })] }),
    () => 0,
  );
const eve: Viewer = { userId: 'eve', kind: 'user', roles: [], name: null };
const may = (allowRead: string, data: JsonObject) => start({ allowRead }).may('read', 'Note', eve, { data });

describe('docs/guides/policies.md', () => {
  test('the policy of the page starts', () => {
    const access = new Access(schema, () => 0);
    expect(access.may('delete', 'Note', eve, { data: { ownerId: 'somebody' } })).toBe(false);
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
      `at most ${MAX_EXISTS} are`,
      ...Object.entries(DEFAULT_SURVEY).map(([name, value]) => `\`${name}\` | ${value} |`),
      `behind the ${LOG_COMMITS} that`,
    ])
      expect(page).toContain(limit);
  });

  test('the explanation is the one that is given', () => {
    const given = JSON.parse(blocks('json explain')[0]!);
    const access = start({ allowRead: given.text });
    expect(access.explain('read', 'Note', eve, { data: { ownerId: 'ada' } })).toEqual(given);
  });
});

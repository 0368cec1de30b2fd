import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Fault } from '../base/fault.ts';
import type { JsonObject } from '../base/json.ts';
import { defineSchema } from '../schema/define-schema.ts';
import { entity } from '../schema/entity.ts';
import { field } from '../schema/field.ts';
import { policy } from '../schema/policy-spec.ts';
import { Access } from './access.ts';
import { compileExpression, NO_WITNESSES } from './evaluate.ts';
import { MAX_EXPRESSION_CHARS, MAX_EXPRESSION_DEPTH, MAX_LIST_ITEMS } from './limits.ts';
import { parseExpression } from './parse.ts';
import { ANONYMOUS, type Viewer } from './viewer.ts';

const ada: Viewer = { userId: 'ada', kind: 'user', roles: ['editor'], name: 'Ada' };

function evaluate(text: string, data: JsonObject = {}, auth = ada): boolean {
  return compileExpression(parseExpression(text))({
    auth,
    data,
    existing: {},
    input: {},
    row: {},
    witnesses: NO_WITNESSES,
    now: 1000,
  });
}

describe('expressions', () => {
  test.each([
    ['true', true],
    ['1 < 2 && 2 <= 2', true],
    ["'b' > 'a'", true],
    ["auth.userId == 'ada'", true],
    ["auth.hasRole('editor') && !auth.hasRole('admin')", true],
    ["auth.hasAnyRole('x', 'editor')", true],
    ["'a' in ['a', 'b']", true],
    ["startsWith('abc', 'ab')", true],
    ['now == 1000', true],
    ['-1 < 0', true],
    ['true || false && false', true],
    ['(true || false) && false', false],
    ["data.title == 'it\\'s'", true],
  ])('%s is %s', (text, expected) => {
    expect(evaluate(text, { title: "it's" })).toBe(expected);
  });

  test.each([
    'null < 1',
    'null >= null',
    'null in [null]',
    "1 < '2'",
    'data.missing',
    '!data.missing',
    "'text'",
    '1',
    'data.missing == 1',
    "startsWith(data.missing, '')",
    "1 in 'text'",
    'true > false',
    '[2] > [1]',
    'auth.hasRole(data.missing)',
  ])('[P1] %s fails closed', (text) => {
    expect(evaluate(text)).toBe(false);
  });

  test('null compares to nothing but null', () => {
    expect(evaluate('data.missing == null')).toBe(true);
    expect(evaluate('data.missing != 1')).toBe(true);
  });

  test.each([
    ['data.title = 1', 12],
    ['data.title ==', 14],
    ['(true', 6],
    ['nobody.id == 1', 1],
    ['true true', 6],
    ["'open", 1],
    ['auth.a.b == 1', 1],
    ['', 1],
  ])('%s points at column %i', (text, column) => {
    expect(() => parseExpression(text)).toThrow(Fault);
    expect(() => parseExpression(text)).toThrow(`column ${column} `);
  });

  test('nesting is capped', () => {
    expect(MAX_EXPRESSION_DEPTH).toBe(32);
    expect(evaluate(`${'('.repeat(31)}true${')'.repeat(31)}`)).toBe(true);
    expect(() => parseExpression(`${'('.repeat(32)}true${')'.repeat(32)}`)).toThrow('nested too deeply');
    expect(() => parseExpression(`${'!'.repeat(4000)}true`)).toThrow('nested too deeply');
  });

  test('text, lists and arguments are capped', () => {
    const chars = (count: number) => `'${'x'.repeat(count - 2)}'`;
    expect(parseExpression(chars(MAX_EXPRESSION_CHARS))).toMatchObject({ kind: 'literal' });
    expect(() => parseExpression(chars(MAX_EXPRESSION_CHARS + 1))).toThrow('more than 4096 characters at');
    const items = (count: number) => Array(count).fill("'a'").join(',');
    expect(evaluate(`'a' in [${items(MAX_LIST_ITEMS)}]`)).toBe(true);
    expect(() => parseExpression(`'a' in [${items(MAX_LIST_ITEMS + 1)}]`)).toThrow('more than 100 items');
    expect(evaluate(`auth.hasAnyRole(${items(MAX_LIST_ITEMS)})`)).toBe(false);
    expect(() => parseExpression(`auth.hasAnyRole(${items(MAX_LIST_ITEMS + 1)})`)).toThrow('100 items');
  });

  test('the longest chain is evaluated', () => {
    const links = Math.floor((MAX_EXPRESSION_CHARS + 2) / 3);
    expect(evaluate(Array(links).fill('1').join('||'))).toBe(false);
  });

  test.each([
    [`${'9'.repeat(400)} < 1`, 'a number too large at column 1 '],
    ["'a' == '\ud83d'", 'half of a surrogate pair at column 8 '],
  ])('%s says nothing that rows could', (text, message) => {
    expect(() => parseExpression(text)).toThrow(message);
  });

  test('any text parses or throws a Fault', () => {
    const piece = fc.constantFrom(
      'data.a',
      'auth.userId',
      '(',
      ')',
      '&&',
      '||',
      '!',
      '==',
      'in',
      '[',
      ']',
      '1',
      "'x'",
      ',',
      '-',
      '@',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        try {
          evaluate(pieces.join(' '));
        } catch (error) {
          expect(error).toBeInstanceOf(Fault);
        }
      }),
    );
  });
});

describe('access', () => {
  const Note = entity('Note', { title: field.string(), ownerId: field.id('User') });
  const Secret = entity('Secret', { text: field.string() });
  const schemaWith = (rules: object) =>
    defineSchema({ entities: [Note, Secret], policies: [policy({ entity: 'Note', ...rules })] });
  const access = (rules: object) => new Access(schemaWith(rules), () => 0);
  const row = { id: '1', title: 't', ownerId: 'ada' };

  test('[P1] without a policy, or without a clause, everything is denied', () => {
    const rules = access({ allowRead: 'true' });
    expect(rules.may('read', 'Note', ada, { data: row })).toBe(true);
    expect(rules.may('insert', 'Note', ada, { data: row })).toBe(false);
    expect(rules.may('read', 'Secret', ada, { data: { id: '1', text: '' } })).toBe(false);
    expect(rules.may('read', 'Unknown', ada, { data: row })).toBe(false);
  });

  test('updates see the old row and the new one', () => {
    const rules = access({
      allowUpdate: 'auth.userId == existing.ownerId && data.ownerId == existing.ownerId',
    });
    expect(rules.may('update', 'Note', ada, { data: row, existing: row })).toBe(true);
    expect(rules.may('update', 'Note', ada, { data: { ...row, ownerId: 'eve' }, existing: row })).toBe(false);
    expect(rules.may('update', 'Note', ANONYMOUS, { data: row, existing: row })).toBe(false);
  });

  test('viewers share an audience when no read policy looks at them', () => {
    const open = access({ allowRead: 'true', allowUpdate: 'auth.userId == data.ownerId' });
    expect(open.audienceKey(ada)).toBe(open.audienceKey(ANONYMOUS));
    for (const allowRead of ['auth.userId == data.ownerId', "auth.hasRole('editor')"]) {
      const closed = access({ allowRead });
      expect(closed.audienceKey(ada)).not.toBe(closed.audienceKey(ANONYMOUS));
      expect(closed.audienceKey(ada)).toBe(closed.audienceKey({ ...ada }));
    }
  });
});

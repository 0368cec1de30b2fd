import { describe, expect, test } from 'vitest';
import { defineSchema } from '../schema/define-schema.ts';
import { entity } from '../schema/entity.ts';
import { field } from '../schema/field.ts';
import { policy } from '../schema/policy-spec.ts';
import { Access } from './access.ts';

const Note = entity('Note', {
  title: field.string(),
  ownerId: field.id('User').optional(),
  status: field.enum('draft', 'live'),
  likes: field.int(),
  score: field.float(),
  at: field.datetime(),
  open: field.bool(),
  tags: field.json<string[]>(),
  meta: field.json(),
  icon: field.bytes().optional(),
});

const start = (rules: object) =>
  new Access(defineSchema({ entities: [Note], policies: [policy({ entity: 'Note', ...rules })] }), () => 0);

describe('what stops the start', () => {
  test.each([
    ['data.titel == 1', 'unknown field data.titel at column 1, in allowRead of Note'],
    ['data.icon == null', 'data.icon is of bytes, which no policy can compare at column 1'],
    ['auth.email == 1', 'unknown name auth.email at column 1'],
    ['existing.title == 1', 'only known in allowUpdate at column 1'],
    ['input.x == 1', 'belongs to functions at column 1'],
    ["auth.hasRole('a', 'b')", 'takes one argument at column 1'],
    ['auth.hasAnyRole()', 'takes one argument at column 1'],
    ["startsWith('a')", 'takes 2 arguments at column 1'],
    ['startsWith(data.title, data.likes)', 'startsWith takes text, not number at column 24'],
    ['startsWith(data.meta, data.title)', 'startsWith takes text, not json at column 12'],
    ['auth.hasRole(null)', 'auth.hasRole takes text, not null at column 14'],
    ["data.title == 'a' && data.likes", '&& takes true or false, not number at column 22'],
    ['data.title || data.likes == 1', '|| takes true or false, not text at column 1'],
    ['!data.title', '! takes true or false, not text at column 2'],
    ['!null', '! takes true or false, not null at column 2'],
    ['data.meta', 'compare the json field with one at column 1'],
    ['data.title', 'a policy takes true or false, not text at column 1'],
    ['[true]', 'a policy takes true or false, not list at column 1'],
    ['data.title == 1', 'cannot compare text with number at column 12'],
    ["data.open != 'true'", 'cannot compare boolean with text at column 11'],
    ['[1] == [1]', 'cannot compare list with list at column 5'],
    ['data.likes == [1]', 'cannot compare number with list at column 12'],
    ['data.open < true', 'boolean has no order at column 11'],
    ['data.meta < 1', 'json has no order at column 11'],
    ['data.likes < null', 'null has no order at column 12'],
    ["data.likes >= '1'", 'cannot compare number with text at column 12'],
    ["data.title in 'abc'", 'in takes a list, not text at column 12'],
    ['data.title in data.ownerId', 'in takes a list, not text at column 12'],
    ["data.title in ['a', 1]", 'cannot compare text with number at column 21'],
    ['null in [null]', 'null is in no list at column 6'],
    ['[1] in [[1]]', 'list is in no list at column 5'],
    ["data.status == 'lvie'", 'data.status is never "lvie" at column 16'],
    ["'lvie' != data.status", 'data.status is never "lvie" at column 1'],
    ["data.status in ['live', 'old']", 'data.status is never "old" at column 25'],
    ['data.tags == data.meta', 'allowRead cannot compare a json field with another field at column 11'],
    ['data.title == data.meta', 'cannot compare a json field with another field at column 12'],
    ['data.likes in data.tags', 'cannot compare a json field with another field at column 12'],
    ['data.meta in [1, data.likes]', 'cannot compare a json field with another field at column 11'],
    ['data.likes in [1, data.meta]', 'cannot compare a json field with another field at column 19'],
  ])('[P1] %s', (allowRead, message) => {
    expect(() => start({ allowRead })).toThrow(message);
    expect(() => start({ allowRead })).toThrow(expect.objectContaining({ code: 'invalid' }));
  });

  test.each([
    'data.title == data.ownerId && data.likes < data.score && data.at <= now',
    'data.ownerId == null || null != auth.userId',
    "data.status in ['draft', null] || data.open == (data.likes == 1)",
    "data.meta == true || data.meta != ['a', 1] || data.meta in [1, 'a', auth.userId]",
    "auth.userId in data.tags || 'x' in data.tags || data.title in data.tags || 1 in data.tags",
    'auth.hasRole(data.title) || startsWith(data.title, auth.name)',
    'data.id == auth.userId',
  ])('%s does not', (allowRead) => {
    expect(() =>
      start({ allowRead }).reads('Note', { userId: null, kind: 'anonymous', roles: [], name: null }),
    ).not.toThrow();
  });

  test('only reading is bound to what SQL can say', () => {
    expect(() =>
      start({ allowUpdate: 'data.tags == existing.tags && data.meta == data.tags' }),
    ).not.toThrow();
  });
});

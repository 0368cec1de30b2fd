import { describe, expect, test } from 'vitest';
import type { KnownArgs } from '../policy/call-rule.ts';
import { ANONYMOUS, type Viewer } from '../policy/viewer.ts';
import { type AuthMode, compileAuth } from './auth-rule.ts';

const user: Viewer = { userId: 'ada', kind: 'user', roles: ['editor'], name: null };
const guest: Viewer = { ...user, userId: 'g1', kind: 'guest', roles: [] };
const admin: Viewer = { ...user, userId: 'root', roles: ['admin'] };
const guestAdmin: Viewer = { ...guest, roles: ['admin'] };
const known: KnownArgs = new Map([
  ['owner', { type: 'text' }],
  ['list', { type: 'json' }],
  ['count', { type: 'number' }],
  ['mode', { type: 'text', values: ['a', 'b'] }],
]);

/** What each viewer hears: `ok` or the code. */
function heard(auth: AuthMode, args: unknown = {}): string[] {
  const rule = compileAuth(auth, known);
  return [ANONYMOUS, guest, user, admin].map((viewer) => {
    try {
      rule.ask(viewer, args, 0);
      return 'ok';
    } catch (error) {
      return (error as { code: string }).code;
    }
  });
}

describe('modes', () => {
  test.each<[AuthMode, string[]]>([
    ['public', ['ok', 'ok', 'ok', 'ok']],
    ['guest', ['unauthorized', 'ok', 'ok', 'ok']],
    ['user', ['unauthorized', 'unauthorized', 'ok', 'ok']],
    ['admin', ['unauthorized', 'unauthorized', 'forbidden', 'ok']],
    ["auth.hasRole('editor')", ['unauthorized', 'forbidden', 'ok', 'forbidden']],
    ['true', ['ok', 'ok', 'ok', 'ok']],
  ])('[P3] %s', (auth, expected) => expect(heard(auth)).toEqual(expected));

  test('a guest with the role is no admin', () => {
    expect(() => compileAuth('admin', known).ask(guestAdmin, {}, 0)).toThrow('sign in');
  });
});

describe('expressions over arguments', () => {
  test('see the parsed arguments', () => {
    const own = 'auth.userId == input.owner';
    expect(heard(own, { owner: 'ada' })).toEqual(['unauthorized', 'forbidden', 'ok', 'forbidden']);
    expect(heard("'ada' in input.list", { list: ['ada'] })).toEqual(['ok', 'ok', 'ok', 'ok']);
  });

  test.each([
    ['not JSON', { owner: new Map() }],
    ['a date, which equals every other date', { owner: new Date(0) }],
    ['no object', 'text'],
    ['null', null],
  ])('[P1] deny what they cannot compare: %s', (_, args) => {
    expect(heard("input.owner != 'nobody'", args)).not.toContain('ok');
  });

  test('an inherited name is no argument', () => {
    const rule = compileAuth('input.toString != null', null);
    expect(() => rule.ask(user, {}, 0)).toThrow('not allowed');
  });
});

test.each([
  ['users', 'unknown name users at column 1'],
  ['auth.userId ==', 'ends too early at column 15'],
  ["data.ownerId == 'x'", 'data.* belongs to policies at column 1'],
  ['auth.userId == existing.id || true', 'existing.* belongs to policies at column 16'],
  ['auth.email == null', 'unknown name auth.email at column 1'],
  ['true && input.nope', 'unknown argument input.nope at column 9'],
  ["'true'", 'auth takes true or false, not text at column 1'],
  ['input.count && true', '&& takes true or false, not number at column 1'],
  ["input.count == 'x'", 'cannot compare number with text at column 13'],
  ['input.owner in input.mode', 'in takes a list, not text at column 13'],
  ["input.mode == 'c'", 'input.mode is never "c" at column 15'],
  [
    "auth.hasRole('a') || exists(Note where row.id == auth.userId)",
    'exists belongs to policies at column 22',
  ],
  ['row.id == auth.userId', 'row.* is only known inside exists at column 1'],
  ["auth.hasRole('a', 'b')", 'auth.hasRole takes one argument at column 1'],
  ["startsWith('a')", 'startsWith takes 2 arguments at column 1'],
])('[P1] %s is no rule', (text, message) => {
  expect(() => compileAuth(text, known)).toThrow(message);
});

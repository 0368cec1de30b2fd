import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseRooms, roomOf } from './rooms.ts';

const page = (rooms: string, platforms = '') =>
  `text\n\`\`\`text rooms\n${rooms}\n\`\`\`\n\`\`\`text platforms\n${platforms}\n\`\`\`\n`;

test('a line may define several rooms', () => {
  const { allowed, platforms } = parseRooms(page('base ->\na b -> base', 'free -> base'));
  expect([...allowed]).toEqual([
    ['base', new Set()],
    ['a', new Set(['base'])],
    ['b', new Set(['base'])],
  ]);
  expect(platforms.get('base')).toBe('free');
  expect(platforms.get('a')).toBe('node');
});

test.each([
  ['a room twice', page('a ->\na ->'), 'the room a has two lines'],
  ['an unknown room', page('a -> b'), 'a -> b: no such room'],
  ['no arrow', page('a b'), 'not "room -> rooms": a b'],
  ['an unknown platform', page('a ->', 'phone -> a'), 'no such platform: phone'],
  ['no block', 'nothing', 'no block'],
])('a table with a mistake is refused: %s', (_, text, message) => {
  expect(() => parseRooms(text)).toThrow(message);
});

test('the table of the project parses, and the longest name wins', () => {
  const rooms = parseRooms(readFileSync('docs/architecture.md', 'utf8'));
  expect(roomOf('src/base/bytes.ts', rooms)).toBe('base');
  expect(roomOf('src/index.ts', rooms)).toBe('index');
  expect(roomOf('src/studio/routes.ts', rooms)).toBe('studio');
  expect(roomOf('src/studio/ui/page.tsx', rooms)).toBe('studio/ui');
  expect(roomOf('shards/core/tick.ts', rooms)).toBe('shards/core');
  expect(roomOf('shards/tick.ts', rooms)).toBeUndefined();
});

test('the core never reaches a plane, and nothing in src does', () => {
  const { allowed } = parseRooms(readFileSync('docs/architecture.md', 'utf8'));
  for (const [room, targets] of allowed) {
    if (room.includes('/') && !room.startsWith('studio')) continue;
    for (const target of targets) expect(target, `${room} -> ${target}`).not.toMatch(/^(shards|crdt)/);
  }
});

import { expect, test } from 'vitest';
import { readTabMessage } from './tab-group.ts';

test('messages of tabs are read by shape, and nothing else passes', () => {
  const bytes = Uint8Array.of(1);
  const good = [
    { kind: 'leading' },
    { kind: 'dial', link: 'l' },
    { kind: 'open', link: 'l' },
    { kind: 'hangup', link: 'l' },
    { kind: 'up', link: 'l', data: '{}' },
    { kind: 'down', link: 'l', data: bytes },
  ];
  for (const message of good) expect(readTabMessage(message)).toEqual(message);
  const bad = [
    null,
    'leading',
    [],
    {},
    { kind: 'other', link: 'l' },
    { kind: 'dial' },
    { kind: 'dial', link: 1 },
    { kind: 'dial', link: 'l'.repeat(65) },
    { kind: 'up', link: 'l' },
    { kind: 'down', link: 'l', data: { length: 3 } },
  ];
  for (const message of bad) expect(readTabMessage(message)).toBeUndefined();
});

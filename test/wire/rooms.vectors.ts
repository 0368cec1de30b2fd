/** What travels in a channel of kind `room`, as text. For docs-page.test.ts and rooms.test.ts. */
import type { RoomDown, RoomUp } from '../../src/protocol/room-frame.ts';

interface Vector<T> {
  readonly name: string;
  readonly text: string;
  readonly value: T;
}

const vector = <T>(name: string, value: T): Vector<T> => ({ name, text: JSON.stringify(value), value });
const ada = { id: '1', userId: 'u1', name: 'Ada' };

export const up: readonly Vector<RoomUp>[] = [
  vector('my state', { t: 'state', state: { x: 1 } }),
  vector('a message to the others', { t: 'publish', data: { text: 'Hi' } }),
];

export const down: readonly Vector<RoomDown>[] = [
  vector('all members', {
    t: 'list',
    members: [
      { ...ada, state: { x: 1 } },
      { id: '2', userId: null, name: null, state: null },
    ],
  }),
  vector('what changed', {
    t: 'delta',
    joined: [{ id: '3', userId: 'u2', name: null, state: 7 }],
    changed: [{ id: '1', state: { x: 2 } }],
    left: ['2'],
  }),
  vector('a message', { t: 'message', from: ada, data: { text: 'Hi' } }),
  vector('messages that were not sent', { t: 'missed', count: 3 }),
];

export const vectors = [...up, ...down];

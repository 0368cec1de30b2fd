import { expect, test } from 'vitest';
import { Reader } from '../../src/base/bytes.ts';
import { s } from '../../src/base/shape.ts';
import { decodeEvents } from '../core/frames.ts';
import { MessageCodec } from '../core/message-codec.ts';
import { EventQueue } from './event-queue.ts';
import { nodePacker } from './node-packer.ts';

const codec = new MessageCodec(nodePacker(), { maxBytes: 1000, maxDepth: 4 });

/** A queue, and what the player of an entity is told. */
function queue() {
  const events = new EventQueue({ said: s.string(10) }, codec);
  const told = (entity: number) => {
    const payload = events.frameFor(entity, 7);
    return payload ? codec.decode(decodeEvents(new Reader(payload.subarray(1))).list) : [];
  };
  return { events, told };
}

test('[T8] [T14] regression: what is for a player without an entity is told to nobody else without one', () => {
  const { events, told } = queue();
  events.add('said', 'secret', { to: 0, by: 0, tick: 7 });
  events.add('said', 'some', { to: [0, 3], by: 0, tick: 7 });
  events.add('said', 'all', { to: undefined, by: 0, tick: 7 });
  expect(told(0)).toEqual([['said', 'all']]);
  expect(told(3)).toEqual([
    ['said', 'some'],
    ['said', 'all'],
  ]);
});

test('[T8] regression: who is told is settled when the event is emitted', () => {
  const { events, told } = queue();
  const to = [1];
  events.add('said', 'hi', { to, by: 0, tick: 7 });
  to[0] = 2;
  expect([told(1), told(2)]).toEqual([[['said', 'hi']], []]);
});

/** What a client, a crowd or a slow reader may cost, each limit at its edge. */
import { afterEach, expect, test } from 'vitest';
import { MAX_MESSAGE_BYTES, MAX_ROOM_NAME_CHARS, MAX_STATE_BYTES } from '../protocol/room-frame.ts';
import { Onlooker, ReadGate, RoomsWorlds } from './testing/rooms-world.ts';

const worlds = new RoomsWorlds();
const setUp = worlds.make;
afterEach(() => worlds.close());

test('[N3] [S10] a slow reader costs bounded memory: he gets a full list later, and is told what he missed', async () => {
  const { enter, clock } = await setUp({ perSecond: 1e6, burst: 1e6 });
  const ann = await enter('ann', 'lobby');
  const bob = await enter('bob', 'lobby');
  bob.client.pause(true);
  const text = 'x'.repeat(15_000);
  const total = 600;
  for (let n = 0; n < total; n++) ann.engine.publishTopic('lobby', { n, text });
  ann.engine.setPresence('latest');
  await clock.advance(1000);
  bob.client.pause(false);
  await clock.advance(1000);
  const missed = bob.seen.events.flatMap((event) => (event.name === 'missed' ? [event.count] : []));
  expect(missed).toHaveLength(1);
  expect(missed[0]).toBeGreaterThan(0);
  expect(bob.seen.heard.length + missed[0]!).toBe(total);
  expect(bob.seen.events.at(-1)!.name).toBe('missed');
  expect(bob.seen.shown).toEqual({ ann: 'latest' });
});

test('[N3] members of a room: the limit and not one more, until there is room again', async () => {
  const { enter, clock } = await setUp({ maxMembers: 2 });
  const ann = await enter('ann', 'lobby');
  await enter('bob', 'lobby');
  const cid = await enter('cid', 'lobby');
  expect(cid.seen.view.fault?.code).toBe('overloaded');
  ann.client.crash();
  await clock.until(() => cid.seen.view.joined);
  expect(cid.seen.shown).toEqual({ bob: null });
});

test('[N3] rooms of a session: the limit and not one more, and a room that is left counts no more', async () => {
  const { enter, clock } = await setUp({ maxRooms: 2 });
  const ann = await enter('ann', 'lobby:1');
  const [second, third] = [new Onlooker(ann.client, 'lobby:2'), new Onlooker(ann.client, 'lobby:3')];
  await clock.advance(100);
  expect(second.view.joined).toBe(true);
  expect(third.view.fault?.code).toBe('overloaded');
  ann.seen.leave();
  await clock.until(() => third.view.joined);
});

test('[N3] over the rate a room is closed, and joined again when it may be', async () => {
  const { enter, clock } = await setUp({ perSecond: 1, burst: 4 });
  const ann = await enter('ann', 'lobby'); // its join was the first
  const bob = await enter('bob', 'lobby');
  await clock.advance(10_000);
  for (let n = 0; n < 4; n++) ann.engine.publishTopic('lobby', n);
  await clock.advance(100);
  expect(ann.seen.view.joined).toBe(true);
  ann.engine.publishTopic('lobby', 4);
  await clock.advance(100);
  expect(ann.seen.view.fault?.code).toBe('rate_limited');
  expect(bob.seen.heard).toEqual([0, 1, 2, 3]);
  await clock.until(() => ann.seen.view.joined);
});

test('[N3] what waits while the policies are asked is bounded; it leaves in order when they have said yes', async () => {
  const { enter, store, write, clock } = await setUp({ maxHeld: 3 });
  await write(async ({ tx }) => {
    await tx.insert('Team', { id: 't1', title: '' });
    for (const userId of ['ann', 'bob']) await tx.insert('Seat', { id: userId, teamId: 't1', userId });
  });
  const ann = await enter('ann', 'team:t1');
  const bob = await enter('bob', 'team:t1');
  const gate = new ReadGate(store);
  await write(({ tx }) => tx.insert('Seat', { id: 'cid', teamId: 't1', userId: 'cid' }));
  for (let n = 0; n < 3; n++) ann.engine.publishTopic('team:t1', n);
  await clock.advance(100);
  expect([ann.seen.view.joined, bob.seen.heard]).toEqual([true, []]);
  gate.open();
  await clock.advance(100);
  expect(bob.seen.heard).toEqual([0, 1, 2]);
  gate.shut();
  await write(({ tx }) => tx.delete('Seat', 'cid'));
  for (let n = 3; n < 7; n++) ann.engine.publishTopic('team:t1', n);
  await clock.advance(20);
  expect(ann.seen.view.fault?.code).toBe('overloaded');
  gate.open();
  await clock.advance(100);
  expect(bob.seen.heard).toEqual([0, 1, 2]); // who is out says nothing any more
});

test('[N3] a state at its limit is shown; one byte more is refused here, and by the server', async () => {
  const { enter, clock } = await setUp();
  const ann = await enter('ann', 'lobby');
  const bob = await enter('bob', 'lobby');
  const full = 'é'.repeat((MAX_STATE_BYTES - 2) / 2);
  expect(() => ann.engine.setPresence(`${full}x`)).toThrow('a state of more than 4096 bytes');
  ann.engine.setPresence(full);
  await clock.advance(200);
  expect(bob.seen.shown).toEqual({ ann: full });
  const codes: string[] = [];
  const nothing = () => {};
  ann.engine.channels.open(
    'room',
    { room: 'lobby', state: `${full}x` },
    { opened: nothing, frame: nothing, lost: nothing, closed: ({ code }) => codes.push(code) },
  );
  await clock.advance(100);
  expect(codes).toEqual(['too_large']);
});

test('[N3] names and messages at their limit pass, one more does not', async () => {
  const { enter, clock } = await setUp();
  const name = 'lobby'.padEnd(MAX_ROOM_NAME_CHARS, 'x');
  const ann = await enter('ann', name);
  const bob = await enter('bob', name);
  const full = 'x'.repeat(MAX_MESSAGE_BYTES - 2);
  ann.engine.publishTopic(name, full);
  await clock.advance(100);
  expect(bob.seen.heard).toEqual([full]);
  expect(() => ann.engine.publishTopic(name, `${full}x`)).toThrow('a message of more than 16384 bytes');
  expect(() => ann.engine.onTopic(`${name}x`, () => {})).toThrow('more than 128 characters');
});

test('[N1] a payload that cannot be read closes that channel alone', async () => {
  const { enter, clock } = await setUp();
  const ann = await enter('ann', 'lobby');
  const bob = await enter('bob', 'lobby');
  const broken = [
    [0xff],
    [],
    ...['{', '1', '{"t":"x"}', '{"t":"state"}', '{"t":"state","state":{"__proto__":1}}'].map((text) => [
      ...Buffer.from(text),
    ]),
  ];
  const codes: string[] = [];
  for (const bytes of broken) {
    const channel = bob.engine.channels.open(
      'room',
      { room: 'lobby:x', state: null },
      {
        opened: () => void channel.send(new Uint8Array(bytes)),
        frame: () => {},
        lost: () => {},
        closed: ({ code }) => codes.push(code),
      },
    );
    await clock.advance(100);
  }
  expect(codes).toEqual(broken.map(() => 'bad_message'));
  bob.engine.publishTopic('lobby', 'still here');
  await clock.advance(100);
  expect(ann.seen.heard).toEqual(['still here']);
});

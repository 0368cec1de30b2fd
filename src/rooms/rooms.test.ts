/** Presence and topics end to end: real engines, the real server, a simulated clock. */
import { afterEach, expect, test } from 'vitest';
import { Onlooker, ReadGate, RoomsWorlds } from './testing/rooms-world.ts';

const worlds = new RoomsWorlds();
const setUp = worlds.make;
afterEach(() => worlds.close());

test('members see each other come, show something, and go', async () => {
  const { enter, clock } = await setUp();
  const ann = await enter('ann', 'lobby');
  expect(ann.seen.view).toEqual({ others: [], joined: true, fault: null });
  ann.engine.setPresence({ x: 1 });
  await clock.advance(200);
  const bob = await enter('bob', 'lobby');
  expect(bob.seen.shown).toEqual({ ann: { x: 1 } });
  expect(ann.seen.shown).toEqual({ bob: null });
  bob.engine.setPresence('here');
  await clock.advance(100);
  expect(ann.seen.shown).toEqual({ bob: 'here' });
  expect(ann.seen.view.others[0]).toMatchObject({ userId: 'bob', name: 'bob' });
  bob.client.crash();
  await clock.advance(100);
  expect(ann.seen.shown).toEqual({});
});

test('a newcomer hears nothing twice: one list, and no delta about what was in it', async () => {
  const { enter, clock, world } = await setUp();
  await enter('ann', 'lobby');
  const [bob, cid] = [await world.client('bob'), await world.client('cid')];
  const seen = [new Onlooker(bob, 'lobby'), new Onlooker(cid, 'lobby')];
  await clock.advance(100);
  for (const { views } of seen) {
    expect(views.filter(({ joined }) => joined)).toHaveLength(1);
    expect(views.at(-1)!.others).toHaveLength(2);
  }
});

test('[S10] states set in a burst are sent as one, the latest', async () => {
  const { enter, clock } = await setUp();
  const ann = await enter('ann', 'lobby');
  const bob = await enter('bob', 'lobby');
  await clock.advance(100);
  const before = ann.seen.views.length;
  for (let x = 0; x < 100; x++) {
    bob.engine.setPresence({ x });
    await clock.advance(1);
  }
  await clock.advance(100);
  expect(ann.seen.shown).toEqual({ bob: { x: 99 } });
  expect(ann.seen.views.length - before).toBeLessThanOrEqual(4);
});

test('topics: in order, to the others alone, with the identity that the server knows', async () => {
  const { enter, clock } = await setUp();
  const ann = await enter('ann', 'lobby');
  const bob = await enter('bob', 'lobby');
  const far = await enter('cid', 'lobby:2');
  for (const n of [1, 2, 3]) expect(ann.engine.publishTopic('lobby', { n })).toBe(true);
  await clock.advance(100);
  expect(bob.seen.heard).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
  expect(bob.seen.events[0]).toMatchObject({ from: { userId: 'ann', name: 'ann' } });
  expect([...ann.seen.heard, ...far.seen.heard]).toEqual([]);
  expect(far.engine.publishTopic('lobby', 'from outside')).toBe(false);
});

test('after a reconnect the room is joined anew, with the own state and without ghosts', async () => {
  const { enter, clock } = await setUp();
  const ann = await enter('ann', 'lobby');
  const bob = await enter('bob', 'lobby');
  bob.engine.setPresence(7);
  await clock.advance(100);
  bob.client.drop();
  await clock.advance(1);
  expect(bob.seen.view).toEqual({ others: [], joined: false, fault: null });
  await clock.until(() => bob.seen.view.joined);
  await clock.advance(100);
  expect(ann.seen.shown).toEqual({ bob: 7 });
  expect(bob.seen.shown).toEqual({ ann: null });
});

test('a page that stops looking has left after a moment; one that comes back at once has not', async () => {
  const { enter, clock } = await setUp();
  const ann = await enter('ann', 'lobby');
  const bob = await enter('bob', 'lobby');
  const before = ann.seen.views.length;
  bob.seen.leave();
  await clock.advance(100);
  const again = new Onlooker(bob.client, 'lobby');
  await clock.advance(1000);
  expect(ann.seen.views.length).toBe(before);
  expect(again.shown).toEqual({ ann: null });
  again.leave();
  await clock.advance(1000);
  expect(ann.seen.shown).toEqual({});
});

test('[P1] a name without a rule is no room, and kinds of identity are asked', async () => {
  const { enter } = await setUp();
  expect((await enter('ann', 'other')).seen.view.fault?.code).toBe('not_found');
  expect((await enter('ann', 'note:no such id')).seen.view.fault?.code).toBe('not_found');
  expect((await enter(null, 'users')).seen.view.fault?.code).toBe('unauthorized');
  expect((await enter('ann', 'users')).seen.view.joined).toBe(true);
  expect((await enter(null, 'lobby')).seen.view.joined).toBe(true);
});

test('[P3] the room of a row is for those who may read it; others cannot tell it from none', async () => {
  const { enter, write } = await setUp();
  await write(({ tx }) => tx.insert('Note', { id: 'n1', reader: 'ann', title: '' }));
  const ann = await enter('ann', 'note:n1');
  const bob = await enter('bob', 'note:n1');
  const none = await enter('bob', 'note:n2');
  expect(ann.seen.view.joined).toBe(true);
  expect(bob.seen.view.fault?.toJSON()).toEqual({ code: 'not_found', message: 'no room of Note n1' });
  expect(none.seen.view.fault?.toJSON()).toEqual({ code: 'not_found', message: 'no room of Note n2' });
  expect(ann.seen.shown).toEqual({});
});

test('[P4] who may not read the row any more is out with the transaction that says so', async () => {
  const { enter, write, clock } = await setUp();
  await write(({ tx }) => tx.insert('Note', { id: 'n1', reader: '*', title: '' }));
  const ann = await enter('ann', 'note:n1');
  const bob = await enter('bob', 'note:n1');
  await write(({ tx }) => tx.update('Note', 'n1', { title: 'still all' }));
  ann.engine.publishTopic('note:n1', 'for both');
  await clock.advance(100);
  expect(bob.seen.heard).toEqual(['for both']);
  ann.engine.publishTopic('note:n1', 'for ann alone');
  await write(({ tx }) => tx.update('Note', 'n1', { reader: 'ann' }));
  await clock.advance(100);
  expect(bob.seen.view).toMatchObject({ others: [], joined: false, fault: { code: 'not_found' } });
  expect(bob.seen.heard).toEqual(['for both']);
  expect(ann.seen.view).toMatchObject({ others: [], joined: true });
});

test('[P4] membership that ends in another row ends here too, and nothing slips through meanwhile', async () => {
  const { enter, store, write, clock } = await setUp();
  await write(async ({ tx }) => {
    await tx.insert('Team', { id: 't1', title: '' });
    for (const userId of ['ann', 'bob']) await tx.insert('Seat', { id: userId, teamId: 't1', userId });
  });
  const ann = await enter('ann', 'team:t1');
  const bob = await enter('bob', 'team:t1');
  const cid = await enter('cid', 'team:t1');
  expect(cid.seen.view.fault?.code).toBe('not_found');
  expect(bob.seen.shown).toEqual({ ann: null });
  const gate = new ReadGate(store);
  await write(({ tx }) => tx.delete('Seat', 'bob'));
  ann.engine.publishTopic('team:t1', 'for ann alone');
  ann.engine.setPresence('for ann alone');
  bob.engine.publishTopic('team:t1', 'from outside');
  await clock.advance(200);
  expect(bob.seen.heard).toEqual([]);
  gate.open();
  await clock.advance(200);
  expect([...bob.seen.heard, ...ann.seen.heard]).toEqual([]);
  expect(bob.seen.views.some(({ others }) => others.some(({ state }) => state !== null))).toBe(false);
  expect(bob.seen.view.fault?.code).toBe('not_found');
  expect(ann.seen.view).toMatchObject({ others: [], joined: true });
});

test('[S8] another user finds the room empty, and does not show what the last one showed', async () => {
  const { enter, clock } = await setUp();
  const ann = await enter('ann', 'lobby');
  const bob = await enter('bob', 'lobby');
  bob.engine.setPresence('of bob');
  await clock.advance(100);
  bob.client.become('eve');
  await clock.until(() => bob.engine.session?.userId === 'eve' && bob.seen.view.joined);
  await clock.advance(100);
  expect(ann.seen.shown).toEqual({ eve: null });
  expect(bob.seen.views.some(({ joined, others }) => !joined && others.length === 0)).toBe(true);
});

test('an engine that is closed has left its rooms, and joins none', async () => {
  const { enter, clock } = await setUp();
  const ann = await enter('ann', 'lobby');
  const bob = await enter('bob', 'lobby');
  await clock.run(bob.engine.close());
  await clock.advance(100);
  expect(ann.seen.shown).toEqual({});
  const late = new Onlooker(bob.client, 'lobby');
  await clock.advance(1000);
  for (const { view } of [bob.seen, late])
    expect(view).toMatchObject({ others: [], joined: false, fault: { code: 'unavailable' } });
  bob.engine.setPresence(1);
  expect(bob.engine.publishTopic('lobby', 1)).toBe(false);
});

/** Documents whose rows are guarded by the rows of another entity. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TempDatabase } from '../../src/testing/temp-database.ts';
import { type Booted, boot, codeOf } from './testing/booted.ts';
import { Hand } from './testing/hand.ts';
import { Member, Page } from './testing/notes.ts';

let files: TempDatabase;
let booted: Booted;
beforeEach(async () => {
  files = new TempDatabase();
  booted = await boot(files);
  await write((tx) => tx.insert('Page', Page.parseInsert('p', { roomId: 'a' })));
});
afterEach(() => files.remove());

type Write = Parameters<Booted['store']['write']>[0];
const write = (work: (tx: Parameters<Write>[0]['tx']) => Promise<unknown>) =>
  booted.clock.run(booted.store.write(({ tx }) => work(tx)));
const member = (userId: string, level: number, roomId = 'a') =>
  write((tx) => tx.insert('Member', Member.parseInsert(`${roomId}-${userId}`, { roomId, userId, level })));

async function open(user: string): Promise<Hand> {
  const hand = new Hand(user);
  hand.handler = await booted.clock.run(booted.instance.channels.doc(hand, { entity: 'Page', id: 'p' }));
  return hand;
}

async function join(user: string): Promise<Hand> {
  const hand = await open(user);
  hand.join();
  await booted.clock.until(() => hand.all('joined').length > 0 || hand.fault !== undefined);
  const { peer } = hand.last('joined');
  if (peer !== 0n) hand.doc.setPeerId(peer);
  return hand;
}

test('[D5] members join, and write at their level; others learn nothing', async () => {
  await member('ann', 2);
  await member('bob', 1);
  await member('eve', 2, 'b');
  const [ann, bob] = [await join('ann'), await join('bob')];
  expect(ann.last('joined').permission).toBe('write');
  expect(bob.last('joined').permission).toBe('read');
  ann.push(ann.edit('mine'));
  bob.push(bob.edit('vandal'));
  expect(bob.last('refuse').code).toBe('forbidden');
  await booted.clock.advance(1000);
  expect((await booted.rows('SELECT body FROM Page'))[0]?.body).toBe('mine');
  expect(await codeOf(open('eve'))).toBe('not_found');
});

test('[P4] [D5] who loses his membership loses the channel, whose level changes hears of it', async () => {
  await member('ann', 2);
  await member('bob', 2);
  const [ann, bob] = [await join('ann'), await join('bob')];
  await write((tx) => tx.update('Member', 'a-bob', { level: 1 }));
  await booted.clock.advance(10);
  expect(bob.last('permission').permission).toBe('read');
  bob.push(bob.edit('late'));
  expect(bob.last('refuse').code).toBe('forbidden');
  await write((tx) => tx.update('Member', 'a-bob', { level: 2 }));
  await booted.clock.advance(10);
  expect(bob.last('permission').permission).toBe('write');
  await write((tx) => tx.delete('Member', 'a-bob'));
  await booted.clock.advance(10);
  expect(bob.fault?.code).toBe('forbidden');
  expect(ann.fault).toBeUndefined();
  ann.push(ann.edit('still here'));
  await booted.clock.advance(1000);
  expect(bob.all('update')).toEqual([]);
});

test('[P4] a push right behind the commit that ends the membership is not taken; of a member it is, the second time', async () => {
  await member('ann', 2);
  await member('bob', 2);
  const [ann, bob] = [await join('ann'), await join('bob')];
  const [own, foreign] = [ann.edit('of a member'), bob.edit('of none any more')];
  const off = booted.store.onCommit(() => {
    ann.push(own);
    bob.push(foreign);
  });
  await write((tx) => tx.delete('Member', 'a-bob'));
  off();
  expect(ann.last('refuse')).toMatchObject({ code: 'stale_cursor', retry: 'now' });
  expect(bob.all('refuse').length + (bob.fault ? 1 : 0)).toBeGreaterThan(0);
  await booted.clock.advance(10);
  expect(bob.fault?.code).toBe('forbidden');
  ann.resync();
  ann.push(own);
  await booted.clock.advance(1000);
  expect((await booted.rows('SELECT body FROM Page'))[0]?.body).toBe('of a member');
});

test('[P4] a membership that ends between open and join ends the channel', async () => {
  await member('ann', 2);
  const ann = await open('ann');
  await write((tx) => tx.delete('Member', 'a-ann'));
  ann.join();
  await booted.clock.advance(10);
  expect(ann.all('joined')).toEqual([]);
  expect(ann.fault?.code).toMatch(/forbidden|not_found/);
});

test('[P4] a page that moves to another room takes nobody along', async () => {
  await member('ann', 2);
  const ann = await join('ann');
  await write((tx) => tx.update('Page', 'p', { roomId: 'b' }));
  await booted.clock.advance(10);
  expect(ann.fault?.code).toBe('forbidden');
});

test('[P1] when the other rows cannot be read, the channel ends', async () => {
  await member('ann', 2);
  const ann = await join('ann');
  const read = booted.store.read.bind(booted.store);
  booted.store.read = () => Promise.reject(new Error('disk'));
  await write((tx) => tx.update('Member', 'a-ann', { level: 1 }));
  await booted.clock.advance(10);
  expect(ann.fault?.code).toBe('internal');
  booted.store.read = read;
});

test('[P4] [N3] rights that are doubted many times at once are read once more, not as many times', async () => {
  await member('ann', 2);
  const ann = await join('ann');
  const { trouble, hub, clock } = booted;
  const before = trouble.count('"Member"');
  for (let i = 0; i < 50; i++) hub.entries[0]!.rightsChanged();
  await clock.advance(1000);
  expect(trouble.count('"Member"') - before).toBeLessThanOrEqual(4);
  ann.push(ann.edit('mine'));
  await clock.advance(1000);
  expect(ann.last('ack').level).toBe('durable');
});

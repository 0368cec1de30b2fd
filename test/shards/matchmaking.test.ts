/** Finding others to play with, over the socket: one's place in the queue, parties, what becomes of both. */
import { expect, test } from 'vitest';
import { findMatch, joinShard, type MatchWish } from '../../shards/client/index.ts';
import type { ShardsOptions } from '../../shards/server/index.ts';
import { matchmaker } from '../../shards/server/index.ts';
import { MAX_TICKET_DATA_BYTES } from '../../shards/server/ticket.ts';
import type { Json } from '../../src/base/json.ts';
import { duel, ring, trios } from './duel.ts';
import type { SimClient } from './sim-client.ts';
import { SimShards } from './sim-shards.ts';

const rated = (rating: number, key = ''): Json => ({ rating, key });

async function running(options: Partial<ShardsOptions> = {}) {
  const sim = new SimShards({ ring }, { matchmakers: [duel, trios], graceMs: 2000, ...options });
  await sim.instance.start?.();
  const searching = (userId: string | null, wish: Partial<MatchWish> = {}) => {
    const client = sim.client({ userId });
    return { client, search: findMatch(client, { queue: 'duel', ...wish }) };
  };
  const joined = (userId: string, wish: Partial<MatchWish> = {}, client?: SimClient) => {
    const at = client ?? sim.client({ userId });
    return { client: at, handle: joinShard(at, ring, { match: { queue: 'duel', ...wish } }) };
  };
  const waiting = () => sim.gauge('match_waiting');
  return { sim, searching, joined, waiting };
}

test('two who search find each other, and their handles join the shard that begins for them', async () => {
  const { sim, joined, waiting } = await running();
  const ann = joined('ann', { data: rated(10, 'eu') });
  await sim.env.clock.advance(1000);
  expect([ann.handle.state.name, waiting()]).toEqual(['joining', 1]);
  const bob = joined('bob', { data: rated(20, 'eu') });
  await sim.env.clock.until(() => ann.handle.me !== undefined && bob.handle.me !== undefined);
  expect([ann.handle.me!.team, bob.handle.me!.team].sort()).toEqual([0, 1]);
  expect(ann.handle.params).toEqual({ key: 'eu', players: 2 });
  expect(bob.handle.params).toBe(bob.handle.params);
  expect(waiting()).toBe(0);
  const [shard, ...others] = sim.directory.list(ring);
  expect(others).toEqual([]);
  const tickets = shard!.players.map((player) => player.ticket);
  expect(tickets).toContainEqual({ team: 0, data: { was: 20 } });
  expect(tickets).toContainEqual({ team: 1, data: { was: 10 } });
});

test('[T11] who is too far away waits until the windows are wide enough, and at last hears `timeout`', async () => {
  const { sim, searching } = await running();
  const [near, far, further] = [0, 150, 600].map((rating) =>
    searching(`at${rating}`, { data: rated(rating) }),
  );
  await sim.env.clock.advance(9500);
  expect(near!.search.state.name).toBe('waiting');
  await sim.env.clock.advance(1500);
  expect([near!.search.state.name, far!.search.state.name]).toEqual(['matched', 'matched']);
  expect(further!.search.state.name).toBe('waiting');
  await sim.env.clock.advance(20_000);
  expect(further!.search.state).toMatchObject({ name: 'over', fault: { code: 'timeout' } });
  await expect(further!.search.found).rejects.toMatchObject({ code: 'timeout' });
});

test('a handle that finds nobody closes with `timeout`, and one that leaves gives its place up', async () => {
  const { sim, joined, waiting } = await running();
  const ann = joined('ann', { data: rated(0) });
  const bob = joined('bob', { data: rated(999) });
  await sim.env.clock.advance(1000);
  expect(waiting()).toBe(2);
  bob.handle.leave();
  await sim.env.clock.advance(100);
  expect(waiting()).toBe(1);
  await sim.env.clock.advance(31_000);
  expect(ann.handle.state).toMatchObject({ name: 'closed', fault: { code: 'timeout' } });
  expect(bob.handle.state).toEqual({ name: 'left' });
  expect(sim.env.clock.pending).toBe(0);
});

test('who cancels or loses his connection is out of the queue; he is the last in it when he is back', async () => {
  const { sim, searching, waiting } = await running();
  const far = (userId: string, rating: number) => searching(userId, { data: rated(rating) });
  const [ann, bob] = [far('ann', 0), far('bob', 500)];
  await sim.env.clock.advance(500);
  expect(waiting()).toBe(2);
  bob.search.cancel();
  bob.search.cancel();
  ann.client.cut();
  expect(ann.search.state.name).toBe('entering');
  await sim.env.clock.advance(500);
  expect([waiting(), bob.search.state.name]).toEqual([0, 'cancelled']);
  await expect(bob.search.found).rejects.toMatchObject({ code: 'cancelled' });
  ann.client.connect();
  await sim.env.clock.advance(500);
  expect([waiting(), ann.search.state.name]).toEqual([1, 'waiting']);
});

test('[T11] a party plays together: it waits until it is complete, and again when somebody leaves', async () => {
  const { sim, searching, waiting } = await running();
  const party = { id: 'friends', size: 2 };
  const ann = searching('ann', { queue: 'trios', party });
  await sim.env.clock.advance(500);
  expect(ann.search.state).toEqual({ name: 'gathering', here: 1, of: 2 });
  const bob = searching('bob', { queue: 'trios', party });
  await sim.env.clock.advance(500);
  expect([ann.search.state.name, bob.search.state.name]).toEqual(['waiting', 'waiting']);
  const cid = searching('cid', { queue: 'trios', party });
  await sim.env.clock.advance(500);
  expect(cid.search.state).toMatchObject({ name: 'over', fault: { code: 'conflict' } });
  bob.search.cancel();
  await sim.env.clock.advance(500);
  expect(ann.search.state).toEqual({ name: 'gathering', here: 1, of: 2 });
  const others = ['d', 'e', 'f', 'g'].map((userId) => searching(userId, { queue: 'trios' }));
  await sim.env.clock.advance(1000);
  expect(waiting()).toBe(5);
  const again = searching('bob', { queue: 'trios', party });
  await sim.env.clock.advance(1000);
  const all = [ann, again, ...others].map(({ search }) => search.state);
  const invitations = all.map((state) => (state.name === 'matched' ? state.invitation : undefined));
  expect(invitations[0]!.team).toBe(invitations[1]!.team);
  expect(new Set(invitations.map((one) => one!.id)).size).toBe(1);
  expect(invitations.filter((one) => one!.team === 0)).toHaveLength(3);
});

test('[T11] a user searches once: the later search ends the earlier one', async () => {
  const { sim, searching, waiting } = await running();
  const first = searching('ann');
  await sim.env.clock.advance(500);
  const second = searching('ann');
  await sim.env.clock.advance(500);
  expect(first.search.state).toMatchObject({ name: 'over', fault: { code: 'conflict' } });
  expect([second.search.state.name, waiting()]).toEqual(['waiting', 1]);
});

test('[P3] nobody searches without a user, or when `enter` refuses, or in a queue that is not there', async () => {
  const { sim, searching, waiting } = await running();
  const anonymous = searching(null);
  const nowhere = searching('ann', { queue: 'nowhere' });
  const client = sim.client({ userId: 'bob' });
  client.become({ roles: ['banned'] });
  const banned = findMatch(client, { queue: 'duel' });
  await sim.env.clock.advance(500);
  const codes = [anonymous.search, nowhere.search, banned].map(({ state }) =>
    state.name === 'over' ? state.fault.code : state.name,
  );
  expect(codes).toEqual(['unauthorized', 'not_found', 'forbidden']);
  expect(waiting()).toBe(0);
});

test('[P4] another user on the same page searches anew', async () => {
  const { sim, searching, waiting } = await running();
  const ann = searching('ann');
  await sim.env.clock.advance(500);
  ann.client.become({ userId: 'bob' });
  await sim.env.clock.advance(500);
  expect(ann.search.state).toMatchObject({ name: 'over', fault: { code: 'unauthorized' } });
  expect(waiting()).toBe(0);
});

test('who lost his connection as he was found hears of it when he is back', async () => {
  const { sim, searching } = await running();
  const [ann, bob] = [searching('ann'), searching('bob')];
  await sim.env.clock.until(() => sim.directory.list(ring).length === 1);
  ann.client.cut();
  await sim.env.clock.advance(1000);
  expect([ann.search.state.name, bob.search.state.name]).toEqual(['entering', 'matched']);
  ann.client.connect();
  const { id, ticket } = await sim.env.clock.run(ann.search.found);
  const handle = joinShard(ann.client, ring, { id, ticket });
  await sim.env.clock.until(() => handle.me !== undefined);
  // He has come: the next search is for another match.
  const next = findMatch(ann.client, { queue: 'duel' });
  await sim.env.clock.advance(500);
  expect(next.state.name).toBe('waiting');
});

test('[T11] with backfill the seat of one who left, or never came, goes to who waits', async () => {
  const { sim, joined, searching } = await running();
  const ann = joined('ann');
  const bob = searching('bob');
  await sim.env.clock.until(() => ann.handle.me !== undefined && bob.search.state.name === 'matched');
  const cid = joined('cid', { data: rated(40) });
  await sim.env.clock.advance(3000);
  expect(cid.handle.state.name).toBe('joining');
  await sim.env.clock.until(() => cid.handle.me !== undefined, 10_000);
  expect(sim.directory.list(ring)).toHaveLength(1);
  expect(cid.handle.me!.team).not.toBe(ann.handle.me!.team);
  cid.handle.leave();
  const dan = joined('dan');
  await sim.env.clock.until(() => dan.handle.me !== undefined, 10_000);
  expect(sim.directory.list(ring)).toHaveLength(1);
});

test('[N3] so many search at once, one more is refused and comes in when there is room', async () => {
  const small = matchmaker({ ...duel, maxWaiting: 2, rating: { window: 0, widenPerSecond: 0, max: 0 } });
  const { sim, searching, waiting } = await running({ matchmakers: [small] });
  const all = ['ann', 'bob', 'cid'].map((userId, i) => searching(userId, { data: rated(i) }));
  await sim.env.clock.advance(100);
  expect([waiting(), all[2]!.search.state.name]).toEqual([2, 'entering']);
  all[0]!.search.cancel();
  await sim.env.clock.until(() => all[2]!.search.state.name === 'waiting', 10_000);
});

test('when no more shards can run those who were found wait on', async () => {
  const { sim, searching } = await running({ maxShards: 1 });
  sim.directory.create(ring, { key: '', players: 0 }, 'other');
  const [ann, bob] = [searching('ann'), searching('bob')];
  await sim.env.clock.advance(2000);
  expect([ann.search.state.name, bob.search.state.name]).toEqual(['waiting', 'waiting']);
  sim.directory.stop(ring, 'other');
  await sim.env.clock.advance(1000);
  expect([ann.search.state.name, bob.search.state.name]).toEqual(['matched', 'matched']);
});

test('[T3] a pass over many gives way again and again, and ticks come between', async () => {
  const { sim, searching } = await running({ matchSliceMs: 2 });
  const { clock } = sim.env;
  for (let i = 0; i < 400; i++) searching(`p${i}`, { data: rated(i * 1000) });
  await clock.advance(100);
  // Every look at the clock takes a millisecond: a slice of two ends after two.
  const monotonic = clock.monotonic.bind(clock);
  let looks = 0;
  clock.monotonic = () => monotonic() + looks++;
  let longest = 0;
  for (let turns = 0; turns < 40; turns++) {
    const before = looks;
    await clock.step();
    longest = Math.max(longest, looks - before);
  }
  expect(longest).toBeLessThan(10);
});

test('[N2] while the server drains nobody is matched any more', async () => {
  const { sim, searching } = await running();
  const ann = searching('ann');
  await sim.env.clock.advance(500);
  await sim.instance.drain?.();
  await sim.env.clock.advance(500);
  expect(ann.search.state.name).toBe('entering');
  ann.search.cancel();
  await sim.env.clock.advance(500);
  expect(sim.env.clock.pending).toBe(0);
});

test('[N3] a search that is refused leaves nothing behind at its connection', async () => {
  const { sim, searching } = await running();
  const { client, search } = searching(null);
  await sim.env.clock.advance(500);
  expect(search.state.name).toBe('over');
  expect(client.viewerListeners.size).toBe(0);
});

test('[N3] who enters with more than fits into his ticket is refused alone, and others play', async () => {
  const echo = matchmaker({ ...duel, enter: ({ data }) => ({ data }) });
  const { sim, searching } = await running({ matchmakers: [echo] });
  const room = MAX_TICKET_DATA_BYTES - '{"team":1,"data":""}'.length;
  const [most, more, other] = ['x'.repeat(room), 'x'.repeat(room + 1), null].map((data, i) =>
    searching(`user${i}`, { data }),
  );
  await sim.env.clock.advance(1000);
  expect(more!.search.state).toMatchObject({ name: 'over', fault: { code: 'too_large' } });
  expect([most!.search.state.name, other!.search.state.name]).toEqual(['matched', 'matched']);
});

/** Tickets: who gets in with one, how often, and what the shard is told; and `ctx.shards`, which makes them. */
import { expect, test } from 'vitest';
import { joinShard } from '../../shards/client/index.ts';
import type { ShardsOptions } from '../../shards/server/index.ts';
import { isFault } from '../../src/base/fault.ts';
import type { Json } from '../../src/base/json.ts';
import type { PluginCall } from '../../src/functions/plugin-context.ts';
import { arena } from './arena.ts';
import { SimShards } from './sim-shards.ts';

const start = [{ shard: 'arena', id: 'plaza', params: { bots: 0 } }];
const plaza = { id: 'plaza' };
/** An arena that only tickets lead to. */
const closed = {
  ...arena,
  tickets: 'required' as const,
  authorize: (context: Parameters<typeof arena.authorize>[0]) => {
    asked.push(context.ticket?.data);
    return true;
  },
};
const asked: (Json | undefined)[] = [];

async function running(options: Partial<ShardsOptions> = {}, def = closed) {
  const sim = new SimShards({ arena: def }, { start, graceMs: 5000, ...options });
  await sim.instance.start?.();
  const players = () => sim.directory.find(def, 'plaza')!.players;
  const join = async (userId: string | null, ticket?: string, more: { clientId?: string } = {}) =>
    sim.join(def, { userId, ...more }, { ...plaza, ...(ticket !== undefined && { ticket }) });
  const ticket = (userId: string, data?: Json, expiresMs?: number) =>
    sim.ctx().ticket(def, 'plaza', {
      userId,
      ...(data !== undefined && { data }),
      ...(expiresMs !== undefined && { expiresMs }),
    });
  return { sim, players, join, ticket };
}

const refused = { name: 'closed', fault: { code: 'forbidden' } };

test('[T10] a ticket lets its user in, once, and the shard hears what it says', async () => {
  const { players, join, ticket, sim } = await running();
  const text = ticket('ann', { team: 2 });
  asked.length = 0;
  expect((await join('bob', text)).handle.state).toMatchObject(refused);
  const { handle } = await join('ann', text);
  expect(handle.state.name).toBe('playing');
  expect(asked).toEqual([{ team: 2 }]);
  await sim.env.clock.advance(5);
  expect(players().map((player) => player.ticket)).toEqual([{ team: 2 }]);
  expect((await join('ann', text, { clientId: 'other' })).handle.state).toMatchObject(refused);
  expect(players()).toHaveLength(1);
});

test('[T10] whoever has a seat returns to it without, and takes no second one', async () => {
  const { sim, players, join, ticket } = await running();
  const { client, handle } = await join('ann', ticket('ann', 7, 1000));
  const { id } = handle.me!;
  client.cut();
  await sim.env.clock.advance(4000);
  client.connect();
  await sim.env.clock.advance(1000);
  expect(handle.me!.id).toBe(id);
  expect(players().map((player) => player.ticket)).toEqual([7]);
  expect((await join('ann', undefined, { clientId: 'other' })).handle.state).toMatchObject(refused);
  client.cut();
  await sim.env.clock.advance(10);
  const other = await join('ann', undefined, { clientId: 'other' });
  expect(other.handle.me!.id).toBe(id);
});

test('[T10] without a ticket, with one of another shard, a foreign one, or one that is over: nobody comes in', async () => {
  const { sim, players, join, ticket } = await running();
  expect((await join('ann')).handle.state).toMatchObject(refused);
  expect((await join('ann', 's1.forged.forged')).handle.state).toMatchObject(refused);
  const elsewhere = sim.ctx().ticket(closed, 'garden', { userId: 'ann' });
  expect((await join('ann', elsewhere)).handle.state).toMatchObject(refused);
  const brief = ticket('ann', null, 50);
  await sim.env.clock.advance(60);
  expect((await join('ann', brief)).handle.state).toMatchObject(refused);
  expect(players()).toEqual([]);
});

test('[T10] whoever brings a bearer ticket first is let in', async () => {
  const { sim, join } = await running();
  const text = sim.ctx().ticket(closed, 'plaza', { bearer: true });
  expect((await join(null, text)).handle.state.name).toBe('playing');
  expect((await join('bob', text)).handle.state).toMatchObject(refused);
});

test('[T10] of many who come at once with one ticket one gets in', async () => {
  const { sim, players } = await running();
  const ticket = sim.ctx().ticket(closed, 'plaza', { bearer: true });
  const handles = ['a', 'b', 'c', 'd'].map((userId) =>
    joinShard(sim.client({ userId }), closed, { ...plaza, ticket }),
  );
  await sim.env.clock.advance(500);
  expect(handles.map(({ state }) => state.name).sort()).toEqual(['closed', 'closed', 'closed', 'playing']);
  expect(players()).toHaveLength(1);
});

test('[T10] a restart voids no ticket, and gives none back', async () => {
  const { sim, players, join, ticket } = await running({ graceMs: 0, ticketSecret: undefined });
  const [first, second] = [ticket('ann'), ticket('bob')];
  const { client, handle } = await join('ann', first);
  handle.leave();
  await sim.env.clock.advance(100);
  client.cut();
  await sim.restart();
  expect((await join('ann', first)).handle.state).toMatchObject(refused);
  expect((await join('bob', second)).handle.state.name).toBe('playing');
  expect(players().map(({ userId }) => userId)).toEqual(['bob']);
});

test('[T10] a join that fails leaves the ticket as it was', async () => {
  const { sim, join, ticket } = await running({}, { ...closed, limits: { ...closed.limits, players: 1 } });
  const first = await join('ann', ticket('ann'));
  const text = ticket('bob');
  const bob = joinShard(sim.client({ userId: 'bob' }), closed, { ...plaza, ticket: text });
  await sim.env.clock.advance(100);
  expect(bob.state).toMatchObject({ name: 'waiting', fault: { code: 'overloaded' } });
  first.handle.leave();
  await sim.env.clock.until(() => bob.state.name === 'playing', 10_000);
});

test('[T10] a ticket that cannot be noted as used lets nobody in', async () => {
  const { sim, players, join, ticket } = await running();
  sim.store.broken = new Error('disk full');
  const text = ticket('ann');
  const handle = joinShard(sim.client({ userId: 'ann' }), closed, { ...plaza, ticket: text });
  await sim.env.clock.until(() => handle.state.name === 'waiting');
  expect(handle.state).toMatchObject({ fault: { code: 'internal' } });
  expect(players()).toEqual([]);
  handle.leave();
  sim.store.broken = undefined;
  expect((await join('ann', text)).handle.state.name).toBe('playing');
});

test('[N3] so many used tickets are remembered, and room is made by those that are over', async () => {
  const { sim, join, ticket } = await running({ maxUsedTickets: 2 });
  await join('ann', ticket('ann', null, 2000));
  await join('bob', ticket('bob', null, 60_000));
  const text = ticket('cid');
  const cid = joinShard(sim.client({ userId: 'cid' }), closed, { ...plaza, ticket: text });
  await sim.env.clock.advance(100);
  expect(cid.state).toMatchObject({ name: 'waiting', fault: { code: 'overloaded' } });
  await sim.env.clock.until(() => cid.state.name === 'playing', 10_000);
});

test('[N3] a ticket is good for the longest time, not for more', async () => {
  const { ticket } = await running({ maxTicketMs: 1000, ticketMs: 1000, transferMs: 1000 });
  expect(ticket('ann', null, 1000)).toBeTypeOf('string');
  for (const ms of [1001, 0, -1, Number.NaN]) {
    expect(() => ticket('ann', null, ms)).toThrow(expect.toSatisfy((error) => isFault(error, 'invalid')));
  }
  for (const over of [{ ticketMs: 1001 }, { transferMs: 1001 }]) {
    const options = { maxTicketMs: 1000, ticketMs: 1000, transferMs: 1000, ...over };
    await expect(running(options)).rejects.toThrow('above maxTicketMs');
  }
});

test('[P5] neither key nor ticket is ever logged', async () => {
  const lines: string[] = [];
  const log = (event: string, fields: object = {}) => void lines.push(`${event} ${JSON.stringify(fields)}`);
  const ticketSecret = 'x'.repeat(32);
  const sim = new SimShards(
    { arena: closed },
    { start, ticketSecret },
    { log: { debug: log, info: log, warn: log, error: log } },
  );
  await sim.instance.start?.();
  const ticket = sim.ctx().ticket(closed, 'plaza', { userId: 'ann', data: 'data' });
  sim.store.broken = new Error('disk full');
  joinShard(sim.client({ userId: 'ann' }), closed, { ...plaza, ticket });
  await sim.env.clock.advance(500);
  sim.store.broken = undefined;
  await sim.join(closed, { userId: 'ann' }, { ...plaza, ticket });
  expect(lines.join()).not.toContain(ticket);
  expect(lines.join()).not.toContain(ticketSecret);
  expect(() => new SimShards({ arena }, { ticketSecret: 'short' })).toThrow('fewer than 32');
});

test('in an action ctx.shards creates, finds, lists, asks and stops at once', async () => {
  const asking = {
    ...arena,
    answer: (world: { tick: number }, question: Json) => [question, world.tick > 0],
  };
  const sim = new SimShards({ arena: asking }, { start });
  await sim.instance.start?.();
  const shards = sim.ctx();
  const made = shards.create(asking, { bots: 1 }, 'mine');
  expect([made.id, made.running]).toEqual(['mine', true]);
  expect(() => shards.create(asking, { bots: 1 }, 'mine')).toThrow('runs already');
  expect(() => shards.create(asking, { bots: -1 })).toThrow('bots must be');
  expect(shards.findOrCreate(asking, { bots: 9 }, 'mine').id).toBe('mine');
  expect(shards.list(asking).map(({ id }) => id)).toEqual(['plaza', 'mine']);
  await sim.env.clock.advance(100);
  expect(await sim.env.clock.run(made.ask('how'))).toEqual(['how', true]);
  expect([shards.stop(asking, 'mine'), shards.stop(asking, 'mine')]).toEqual([true, false]);
  expect([made.running, made.players, shards.find(asking, 'mine')]).toEqual([false, [], undefined]);
  await expect(made.ask('how')).rejects.toMatchObject({ code: 'not_found' });
});

test('[T3] in a mutation shards begin and end after the COMMIT, and nothing waits for one', async () => {
  const sim = new SimShards({ arena }, { start });
  await sim.instance.start?.();
  const ids = () => sim.directory.list(arena).map(({ id }) => id);
  const inMutation = async (work: (shards: ReturnType<typeof sim.ctx>) => unknown) => {
    const write = sim.store.write(async (job) => work(sim.ctx(job as PluginCall['job'])));
    await sim.env.clock.run(write);
  };
  await inMutation((shards) => {
    const made = shards.create(arena, { bots: 1 }, 'mine');
    shards.stop(arena, 'plaza');
    expect(made.running).toBe(false);
    expect(ids()).toEqual(['plaza']);
    expect(() => shards.create(arena, { bots: -1 }, 'bad')).toThrow('bots must be');
    return expect(made.ask('how')).rejects.toMatchObject({ code: 'unsupported' });
  });
  expect(ids()).toEqual(['mine']);
  const failing = inMutation((shards) => {
    shards.findOrCreate(arena, { bots: 1 }, 'other');
    throw new Error('taken back');
  });
  await expect(failing).rejects.toThrow('taken back');
  expect(ids()).toEqual(['mine']);
});

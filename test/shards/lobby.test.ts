/** The lobby: counts and open shards, live. */
import { expect, test } from 'vitest';
import { findMatch, type LobbyView, watchLobby } from '../../shards/client/index.ts';
import { defineShard } from '../../shards/core/index.ts';
import type { ShardsOptions } from '../../shards/server/index.ts';
import { MAX_SUMMARY_BYTES } from '../../shards/server/lobby.ts';
import { arena } from './arena.ts';
import { duel, ring } from './duel.ts';
import { SimShards } from './sim-shards.ts';

const start = [{ shard: 'arena', id: 'plaza', params: { bots: 2 } }];
const told = defineShard({
  ...arena,
  summary: ({ params, players }) => ({ bots: params.bots, who: players.map(({ name }) => name) }),
});

async function running(options: Partial<ShardsOptions> = {}) {
  const sim = new SimShards(
    { arena: told, ring },
    { start, matchmakers: [duel], lobby: { join: 'guest', shards: ['arena'] }, ...options },
  );
  await sim.instance.start?.();
  const looking = (userId: string | null) => {
    const client = sim.client({ userId });
    const views: LobbyView[] = [];
    const cancel = watchLobby(client, (view) => views.push(view));
    return { client, views, cancel, last: () => views.at(-1)! };
  };
  return { sim, looking };
}

test('who looks sees open shards with what is said of them, and how many play and search', async () => {
  const { sim, looking } = await running();
  const ann = looking('ann');
  await sim.env.clock.advance(300);
  const plaza = { shard: 'arena', id: 'plaza', seats: 8 };
  expect(ann.views).toHaveLength(1);
  expect(ann.last()).toMatchObject({
    kinds: { arena: { shards: 1, players: 0 }, ring: { shards: 0, players: 0 } },
    queues: { duel: 0 },
    shards: [{ ...plaza, players: 0, summary: { bots: 2, who: [] } }],
    live: true,
  });
  await sim.join(told, { userId: 'bob' }, { id: 'plaza' });
  findMatch(sim.client({ userId: 'cid' }), { queue: 'duel' });
  const garden = sim.directory.create(told, { bots: 0 }, 'garden');
  await sim.env.clock.advance(600);
  garden.summary = 'closed for today';
  await sim.env.clock.advance(600);
  expect(ann.last()).toMatchObject({ kinds: { arena: { shards: 2, players: 1 } }, queues: { duel: 1 } });
  expect(ann.last().shards).toEqual([
    { ...plaza, players: 1, summary: { bots: 2, who: ['bob'] } },
    { shard: 'arena', id: 'garden', seats: 8, players: 0, summary: 'closed for today' },
  ]);
  garden.stop();
  await sim.env.clock.advance(600);
  expect(ann.last().shards.map(({ id }) => id)).toEqual(['plaza']);
});

test('nothing is said while nothing changes, and nothing is done while nobody looks', async () => {
  const { sim, looking } = await running({ start: [], matchmakers: [] });
  const ann = looking('ann');
  await sim.env.clock.advance(5000);
  expect(ann.views).toHaveLength(1);
  ann.cancel();
  await sim.env.clock.advance(500);
  expect(sim.env.clock.pending).toBe(0);
});

test('[S10] a reader who pauses gets the list when he reads again', async () => {
  const { sim, looking } = await running();
  const ann = looking('ann');
  await sim.env.clock.advance(300);
  ann.client.pause();
  for (let i = 0; i < 100; i++) {
    sim.directory.find(told, 'plaza')!.summary = i;
    await sim.env.clock.advance(300);
  }
  expect(ann.client.waiting).toBeLessThan(80);
  ann.client.resume();
  await sim.env.clock.advance(1000);
  expect(ann.last().shards).toMatchObject([{ summary: 99 }]);
  ann.client.cut();
  expect(ann.last()).toMatchObject({ live: false, shards: [{ id: 'plaza' }] });
  ann.client.connect();
  await sim.env.clock.advance(1000);
  expect(ann.last().live).toBe(true);
});

test('[P1] without the setting there is no lobby, and who may not look does not', async () => {
  const { sim, looking } = await running();
  const nobody = looking(null);
  const ann = looking('ann');
  await sim.env.clock.advance(300);
  expect(nobody.last()).toMatchObject({ shards: [], fault: { code: 'unauthorized' } });
  ann.client.become({ userId: null, kind: 'anonymous' });
  await sim.env.clock.advance(300);
  expect(ann.last()).toMatchObject({ shards: [], fault: { code: 'unauthorized' } });
  const without = new SimShards({ arena }, { start });
  expect(without.instance.channels).not.toHaveProperty('lobby');
  expect(() => new SimShards({ arena }, { lobby: { join: 'public', shards: ['x'] } })).toThrow('no shard x');
  for (const wrong of [{ maxListed: 0 }, { tellMs: 0 }])
    expect(() => new SimShards({ arena }, { lobby: { join: 'public', ...wrong } })).toThrow(
      Object.keys(wrong)[0],
    );
});

test('[N3] so many shards are listed, and a summary is so long', async () => {
  const { sim, looking } = await running({ lobby: { join: 'public', shards: ['arena'], maxListed: 2 } });
  const set = (id: string, length: number) => {
    sim.directory.findOrCreate(told, { bots: 0 }, id).summary = 'x'.repeat(length - 2);
  };
  set('plaza', MAX_SUMMARY_BYTES);
  set('garden', MAX_SUMMARY_BYTES + 1);
  set('third', 10);
  const { last } = looking(null);
  await sim.env.clock.advance(300);
  expect(last().shards.map(({ id, summary }) => [id, summary !== null])).toEqual([
    ['plaza', true],
    ['garden', false],
  ]);
  expect(last().kinds.arena).toEqual({ shards: 3, players: 0 });
});

/** Players sent from shard to shard, and over a connection that breaks at any moment of it. */
import { expect, test } from 'vitest';
import { joinShard } from '../../shards/client/index.ts';
import type { ShardsOptions } from '../../shards/server/index.ts';
import type { Json } from '../../src/base/json.ts';
import { arena } from './arena.ts';
import { ring } from './duel.ts';
import { SimShards } from './sim-shards.ts';

const start = ['plaza', 'garden'].map((id) => ({ shard: 'arena', id, params: { bots: 0 } }));
const begin = { start: [...start, { shard: 'ring', id: 'ring', params: { key: '', players: 2 } }] };
async function running(options: Partial<ShardsOptions> = {}, def: typeof arena = arena) {
  const sim = new SimShards({ arena: def, ring }, { ...begin, graceMs: 3000, transferMs: 2000, ...options });
  await sim.instance.start?.();
  const shard = (id: string) => sim.directory.find(def, id)!;
  const seats = () =>
    ['plaza', 'garden'].map((id) => shard(id).players.filter((player) => player.userId === 'ann').length);
  const { handle, client } = await sim.join(def, { userId: 'ann' }, { id: 'plaza' });
  await sim.env.clock.advance(50);
  const transfer = (data?: Json) =>
    shard('plaza').transfer(shard('plaza').players[0]!, { def, id: 'garden' }, data);
  return { sim, shard, seats, handle, client, transfer };
}

test('[T12] a player goes to another shard by himself, with what he was given', async () => {
  const { sim, shard, seats, handle, transfer } = await running();
  const states: string[] = [];
  handle.onState(({ name }) => states.push(name));
  const arrived = transfer({ gold: 7 });
  const drawn: number[] = [];
  handle.onFrame(() => drawn.push(handle.entities.length));
  await sim.env.clock.run(arrived);
  await sim.env.clock.until(() => seats()[0] === 0);
  expect(seats()).toEqual([0, 1]);
  expect(shard('garden').players[0]!.ticket).toEqual({ gold: 7 });
  await sim.env.clock.advance(500);
  expect(states).toEqual(['playing']);
  expect(handle.me!.id).toBe(shard('garden').players[0]!.entityId);
  expect(Math.min(...drawn)).toBeGreaterThan(0);
  handle.send({ move: { x: 0, y: 1 } });
  await sim.env.clock.advance(1000);
  expect(shard('garden').world.get(handle.me!.id)!.position.x).toBeGreaterThan(2);
});

test('[T12] at every moment he has a seat, and one in the end, wherever the connection breaks', async () => {
  for (let cutAfterMs = 0; cutAfterMs < 200; cutAfterMs += 7) {
    const { sim, seats, client, handle, transfer } = await running();
    const { clock } = sim.env;
    const arrived = transfer().then(
      () => 'arrived',
      (error) => error.code,
    );
    const counts: number[] = [];
    const watch = async (ms: number) => {
      for (const end = clock.monotonic() + ms; clock.monotonic() < end; ) {
        await clock.advance(1);
        counts.push(seats()[0]! + seats()[1]!);
      }
    };
    await watch(cutAfterMs);
    client.cut();
    await watch(300);
    client.connect();
    await watch(6000);
    expect(Math.min(...counts), `cut after ${cutAfterMs} ms`).toBeGreaterThanOrEqual(1);
    expect(counts.at(-1), `cut after ${cutAfterMs} ms`).toBe(1);
    expect(handle.state.name).toBe('playing');
    const outcome = await arrived;
    expect(outcome === 'arrived' ? seats()[1] : seats()[0]).toBe(1);
  }
});

test('[T12] he stays when the other shard is not there, and can be sent again', async () => {
  const { sim, shard, seats, handle, transfer } = await running();
  const { clock } = sim.env;
  const gone = shard('plaza').transfer(shard('plaza').players[0]!, { def: arena, id: 'nowhere' });
  gone.catch(() => {});
  await clock.advance(2500);
  await expect(gone).rejects.toMatchObject({ code: 'timeout' });
  expect([handle.state.name, ...seats()]).toEqual(['playing', 1, 0]);
  await clock.run(transfer());
  await clock.advance(100);
  expect(seats()).toEqual([0, 1]);
});

test('[T12] a slow gate that opens too late does not take him', async () => {
  const slow = {
    ...arena,
    authorize: ({ shardId }: { shardId: string }) =>
      shardId === 'plaza' || new Promise<boolean>((resolve) => late.push(() => resolve(true))),
  };
  const late: (() => void)[] = [];
  const { sim, seats, handle, transfer } = await running({}, slow);
  const gone = transfer();
  gone.catch(() => {});
  await sim.env.clock.advance(2500);
  for (const open of late) open();
  await sim.env.clock.advance(500);
  await expect(gone).rejects.toMatchObject({ code: 'timeout' });
  expect([handle.state.name, ...seats()]).toEqual(['playing', 1, 0]);
});

test('[T12] who is on his way is not sent twice, and who is not connected not at all', async () => {
  const { sim, client, shard, transfer } = await running();
  const first = transfer();
  await expect(transfer()).rejects.toMatchObject({ code: 'conflict' });
  await sim.env.clock.run(first);
  const [ann] = shard('garden').players;
  const back = () => shard('garden').transfer(ann!, { def: arena, id: 'plaza' });
  await sim.env.clock.advance(100);
  client.cut();
  await sim.env.clock.advance(100);
  await expect(back()).rejects.toMatchObject({ code: 'unavailable' });
});

test('[T12] to a shard of another kind the app goes, and the old handle ends when it has arrived', async () => {
  const { sim, client, handle, shard } = await running();
  const arrived = shard('plaza').transfer(shard('plaza').players[0]!, { def: ring, id: 'ring' }, { team: 3 });
  let other: ReturnType<typeof joinShard<typeof ring>> | undefined;
  handle.onTransfer((to) => {
    expect([to.shard, to.id]).toEqual(['ring', 'ring']);
    other = joinShard(client, ring, to);
  });
  await sim.env.clock.run(arrived);
  await sim.env.clock.until(() => other?.me !== undefined);
  expect(other!.me!.team).toBe(3);
  expect(handle.state).toMatchObject({ name: 'closed', fault: { code: 'conflict' } });
  expect(shard('plaza').players).toEqual([]);
});

test('ctx.shards sends players on in actions', async () => {
  const { sim, seats } = await running();
  const from = sim.ctx().find(arena, 'plaza')!;
  await sim.env.clock.run(from.transfer(from.players[0]!, { def: arena, id: 'garden' }));
  await sim.env.clock.advance(100);
  expect(seats()).toEqual([0, 1]);
});

test('[N2] a server that ends waits for nobody who is on his way', async () => {
  const { sim, client, transfer } = await running();
  const arrived = transfer();
  arrived.catch(() => {});
  client.cut();
  await sim.env.clock.run(sim.instance.close!());
  await expect(arrived).rejects.toMatchObject({ code: 'unavailable' });
});

/** Joining, staying, coming back, and who may. */
import { expect, test } from 'vitest';
import { joinShard } from '../../shards/client/index.ts';
import { c, defineShard, grid, s } from '../../shards/core/index.ts';
import { arena } from './arena.ts';
import { viewerOf } from './sim-client.ts';
import { SimShards } from './sim-shards.ts';

const start = [{ shard: 'arena', id: 'plaza', params: { bots: 0 } }];
const plaza = { id: 'plaza' };

async function running(options = {}) {
  const sim = new SimShards({ arena }, { start, graceMs: 5000, ...options });
  await sim.instance.start?.();
  const players = () => [...(sim.directory.find(arena, 'plaza')?.players ?? [])];
  const world = () => sim.directory.find(arena, 'plaza')!.world;
  return { sim, players, world };
}

test('a player who lost his connection gets his entity back within the grace time', async () => {
  const { sim, world } = await running();
  const { client, handle } = await sim.join(arena, { userId: 'ann' }, plaza);
  const states: string[] = [];
  handle.onState((state) => states.push(state.name));
  const { id } = handle.me!;
  world().get(id)!.health = 42;
  client.cut();
  expect(handle.state.name).toBe('rejoining');
  expect(handle.me!.id).toBe(id);
  await sim.env.clock.advance(4000);
  client.connect();
  await sim.env.clock.advance(1000);
  expect(states).toEqual(['rejoining', 'playing']);
  expect(handle.me!.id).toBe(id);
  expect(handle.me!.health).toBe(42);
  expect(world().entities.length).toBe(1);
  handle.send({ move: { x: 0, y: 1 } });
  await sim.env.clock.advance(1000);
  expect(world().get(id)!.position.x).toBeGreaterThan(2);
});

test('his entity stands still meanwhile, and is gone after the grace time', async () => {
  const { sim, world, players } = await running();
  const { client, handle } = await sim.join(arena, { userId: 'ann' }, plaza);
  const { id } = handle.me!;
  handle.send({ move: { x: 0, y: 1 } });
  await sim.env.clock.advance(500);
  client.cut();
  const { x } = world().get(id)!.position;
  await sim.env.clock.advance(4990);
  expect(world().get(id)!.position.x).toBe(x);
  expect(players().length).toBe(1);
  await sim.env.clock.advance(20);
  expect(players().length).toBe(0);
  expect(world().entities.length).toBe(0);
  client.connect();
  await sim.env.clock.advance(1000);
  expect(handle.me!.id).toBeGreaterThan(id);
});

test('leave gives the seat up at once; leaving twice does nothing', async () => {
  const { sim, players } = await running();
  const { pending } = sim.env.clock;
  const { handle } = await sim.join(arena, { userId: 'ann' }, plaza);
  handle.leave();
  handle.leave();
  expect(handle.state).toEqual({ name: 'left' });
  await sim.env.clock.advance(100);
  expect(players().length).toBe(0);
  expect(sim.env.clock.pending).toBe(pending);
});

test('another page of the same user takes his empty seat, but not one that is taken', async () => {
  const { sim, players } = await running();
  const first = await sim.join(arena, { userId: 'ann', clientId: 'phone' }, plaza);
  const second = await sim.join(arena, { userId: 'ann', clientId: 'laptop' }, plaza);
  expect(second.handle.me!.id).not.toBe(first.handle.me!.id);
  const { id } = first.handle.me!;
  first.client.cut();
  const third = await sim.join(arena, { userId: 'ann', clientId: 'tablet' }, plaza);
  expect(third.handle.me!.id).toBe(id);
  expect(players().length).toBe(2);
});

test('a page whose old connection still hangs takes its own seat over', async () => {
  const { sim, players } = await running();
  const old = await sim.join(arena, { userId: 'ann', clientId: 'page' }, plaza);
  const { id } = old.handle.me!;
  const fresh = await sim.join(arena, { userId: 'ann', clientId: 'page' }, plaza);
  expect(fresh.handle.me!.id).toBe(id);
  await sim.env.clock.advance(100);
  expect(old.handle.state).toMatchObject({ name: 'closed', fault: { code: 'conflict' } });
  await sim.env.clock.advance(10_000);
  expect(players().length).toBe(1);
  expect(fresh.handle.state.name).toBe('playing');
});

test('[P3] who may not join is refused, and nothing comes of it', async () => {
  const { sim, players } = await running();
  const { handle } = await sim.join(arena, { userId: null }, plaza);
  expect(handle.state).toMatchObject({ name: 'closed', fault: { code: 'forbidden' } });
  expect(players().length).toBe(0);
  expect(handle.entities).toEqual([]);
});

test('[P4] who loses the right loses the channel and his seat at once', async () => {
  const { sim, players } = await running();
  const { client, handle } = await sim.join(arena, { userId: 'ann' }, plaza);
  client.become({ roles: ['vip'] });
  await sim.env.clock.advance(100);
  expect(players()[0]!.roles).toEqual(['vip']);
  client.become({ roles: ['banned'] });
  await sim.env.clock.advance(100);
  expect(players().length).toBe(0);
  expect(handle.state).toMatchObject({ name: 'closed', fault: { code: 'forbidden' } });
});

test('[P3] regression: who is let into a shard that begins meanwhile is asked about as it is', async () => {
  const asked: unknown[] = [];
  const decide: ((allowed: boolean) => void)[] = [];
  const def = {
    ...arena,
    authorize: (_: unknown, params: unknown) => {
      asked.push(params);
      return new Promise<boolean>((resolve) => decide.push(resolve));
    },
  };
  const sim = new SimShards({ arena: def }, { createOnJoin: true });
  await sim.instance.start?.();
  const handle = joinShard(sim.client({ userId: 'ann' }), def, { id: 'own', params: { bots: 0 } });
  await sim.env.clock.advance(100);
  const shard = sim.directory.create(def, { bots: 2 }, 'own');
  decide[0]!(true);
  await sim.env.clock.advance(100);
  expect(asked).toEqual([{ bots: 0 }, { bots: 2 }]);
  decide[1]!(false);
  await sim.env.clock.advance(100);
  expect(handle.state).toMatchObject({ name: 'closed', fault: { code: 'forbidden' } });
  expect(shard.players).toEqual([]);
});

test('[P4] another user on the same page is another player', async () => {
  const { sim, players, world } = await running();
  const { client, handle } = await sim.join(arena, { userId: 'ann' }, plaza);
  const { id } = handle.me!;
  client.become(viewerOf('bob'));
  await sim.env.clock.advance(1000);
  expect(handle.state.name).toBe('playing');
  expect(players().map((player) => player.userId)).toEqual(['bob']);
  expect(handle.me!.id).not.toBe(id);
  expect(world().entities.length).toBe(1);
  client.become(viewerOf(null));
  await sim.env.clock.advance(1000);
  expect(handle.state).toMatchObject({ name: 'closed', fault: { code: 'forbidden' } });
});

test('[P4] a change of identity while the join is under way is not overlooked', async () => {
  const decide: ((allowed: boolean) => void)[] = [];
  const def = { ...arena, authorize: () => new Promise<boolean>((resolve) => decide.push(resolve)) };
  const sim = new SimShards({ arena: def }, { start });
  await sim.instance.start?.();
  const client = sim.client({ userId: 'ann' });
  const handle = joinShard(client, def, plaza);
  await sim.env.clock.advance(100);
  client.become({ roles: ['banned'] });
  decide[0]!(true);
  await sim.env.clock.advance(100);
  expect(handle.state).toMatchObject({ name: 'closed', fault: { code: 'unauthorized' } });
  expect([...sim.directory.find(def, 'plaza')!.players]).toEqual([]);
});

test('the server dies and comes back: the handle recovers, with its subscriptions', async () => {
  const { sim, world } = await running();
  const { client, handle } = await sim.join(arena, { userId: 'ann' }, plaza);
  const heard: string[] = [];
  handle.onEvent('said', (event) => heard.push(event.text));
  handle.send({ move: { x: 0, y: 1 } });
  await sim.env.clock.advance(5000);
  client.cut();
  await sim.restart();
  await sim.env.clock.advance(500);
  client.connect(sim.instance.channels!);
  await sim.env.clock.advance(1000);
  expect(handle.state.name).toBe('playing');
  expect(handle.clock.tick).toBeLessThan(40);
  // What was held before is sent again: the player walks on.
  expect(handle.me!.position.x).toBeGreaterThan(1);
  world().emit('said', { by: 0, text: 'again' });
  await sim.env.clock.advance(200);
  expect(heard).toEqual(['again']);
});

test('another version of the definition is refused before a byte is misread', async () => {
  const { sim } = await running();
  const { handle } = await sim.join({ ...arena, hash: 'other' }, { userId: 'ann' }, plaza);
  expect(handle.state).toMatchObject({ name: 'closed', fault: { code: 'unsupported' } });
});

test('[T8] a spectator sees what is around his eye, and moves it by messages', async () => {
  const def = defineShard({
    name: 'field',
    tickRate: 20,
    components: { at: c.vec2({ min: -512, max: 512, step: 1 }) },
    input: c.struct({}),
    messages: s.object({ x: s.number() }),
    interest: grid({ by: 'at', cell: 16, radius: 32 }),
    authorize: () => true,
    start(world) {
      for (let n = -5; n <= 5; n++) world.spawn({ at: { x: n * 100, y: 0 } });
    },
    join(_world, player) {
      player.eye = { x: 0, y: 0 };
      return undefined;
    },
    receive(_world, player, { x }) {
      player.eye = { x, y: 0 };
    },
    step() {},
  });
  const sim = new SimShards({ field: def }, { start: [{ shard: 'field', id: 'one' }] });
  await sim.instance.start?.();
  const handle = joinShard(sim.client({ userId: 'ann' }), def, { id: 'one' });
  await sim.env.clock.advance(1000);
  const seen = () => handle.entities.map(({ at }) => at.x);
  expect(seen()).toEqual([0]);
  for (const x of [100, -300, 9999]) {
    handle.message({ x });
    await sim.env.clock.advance(1000);
    expect(seen()).toEqual([Math.min(x, 500)]);
  }
});

test('a spectator sees the world and has no entity', async () => {
  const def = { ...arena, join: () => undefined };
  const sim = new SimShards(
    { arena: def },
    { start: [{ shard: 'arena', id: 'plaza', params: { bots: 3 } }] },
  );
  await sim.instance.start?.();
  const handle = joinShard(sim.client({ userId: 'ann' }), def, plaza);
  await sim.env.clock.advance(3000);
  expect(handle.state).toEqual({ name: 'playing', entity: 0 });
  expect(handle.entities.length).toBe(3);
  expect(handle.me).toBeUndefined();
  expect(handle.stats.frames).toBeGreaterThan(50);
});

/** Those who look at a shard, later than those who play in it. */
import { expect, test } from 'vitest';
import { joinShard } from '../../shards/client/index.ts';
import { encodeMessage } from '../../shards/core/frames.ts';
import { c, defineShard, grid, visibleTo } from '../../shards/core/index.ts';
import { arena } from './arena.ts';
import { SimShards } from './sim-shards.ts';

const DELAY_MS = 3000;
const begin = [{ shard: 'arena', id: 'plaza', params: { bots: 20 } }];
const shown = defineShard({ ...arena, spectate: { delayMs: DELAY_MS, spectators: 3 } });
const plaza = { id: 'plaza' };

async function running(def: typeof shown = shown, options = {}) {
  const sim = new SimShards({ arena: def }, { start: begin, ...options });
  await sim.instance.start?.();
  const world = () => sim.directory.find(def, 'plaza')!.world;
  const look = (userId: string, more = {}) => {
    const client = sim.client({ userId });
    return { client, handle: joinShard(client, def, { ...plaza, spectate: true, ...more }) };
  };
  return { sim, world, look };
}

test('[T14] a spectator sees the world as it was, whenever he comes, and nothing younger', async () => {
  const { sim, world, look } = await running();
  const { clock } = sim.env;
  const { handle: ann } = await sim.join(shown, { userId: 'ann' }, plaza);
  const states = new Map<number, string>();
  const stateNow = () =>
    JSON.stringify(world().entities.map(({ id, kind, name, health }) => [id, kind, name, health]));
  const lookers = [0, 700, 4200].map((afterMs, i) => ({ afterMs, ...look(`late${i}`), seen: 0 }));
  for (const looker of lookers) looker.handle.leave();
  for (let ms = 0; ms < 12_000; ms += 50) {
    if (ms === 2500) world().spawn({ kind: 'shot', name: 'late arrival' });
    if (ms % 1000 === 0) ann.send({ move: { x: ms % 2000 === 0 ? 1 : -1, y: 0 } });
    for (const [i, looker] of lookers.entries())
      if (looker.afterMs === ms) looker.handle = look(`looker${i}`).handle;
    await clock.advance(50);
    states.set(world().tick, stateNow());
    for (const looker of lookers) {
      const { tick } = looker.handle.clock;
      if (tick === 0 || looker.handle.state.name !== 'playing') continue;
      looker.seen++;
      expect(world().tick - tick).toBeGreaterThanOrEqual(DELAY_MS / 50);
      expect(looker.handle.me).toBeUndefined();
    }
  }
  for (const { handle, seen } of lookers) {
    expect(seen).toBeGreaterThan(80);
    expect(handle.state).toEqual({ name: 'playing', entity: 0 });
    expect(world().tick - handle.clock.tick).toBeLessThan(DELAY_MS / 50 + 5);
    const shownThen = states.get(handle.clock.tick)!;
    const now = handle.entities.map(({ id, kind, name, health }) => [id, kind, name, health]);
    expect(JSON.stringify(now)).toBe(shownThen);
    expect(handle.stats.mispredictions).toBe(0);
  }
});

test('[T14] his stream is the bytes of all others, and who pauses goes on from a beginning', async () => {
  const { sim, look } = await running();
  const [one, two] = [look('one'), look('two')];
  await sim.env.clock.advance(8000);
  const frames = one.client.received.map((bytes) => bytes.join());
  const others = new Set(two.client.received.map((bytes) => bytes.join()));
  expect(frames.length).toBeGreaterThan(50);
  expect(frames.filter((frame) => !others.has(frame))).toEqual([]);
  two.client.pause();
  await sim.env.clock.advance(10_000);
  expect(two.client.waiting).toBeLessThan(12);
  two.client.resume();
  await sim.env.clock.advance(3000);
  expect(two.handle.clock.tick).toBeGreaterThan(one.handle.clock.tick - 3);
  expect(two.handle.state.name).toBe('playing');
  one.client.cut();
  await sim.env.clock.advance(1000);
  one.client.connect();
  await sim.env.clock.advance(3000);
  expect(one.handle.clock.tick).toBeGreaterThan(two.handle.clock.tick - 3);
});

test('[T14] he is no player: he takes no seat, does nothing, and hears events as late as he sees', async () => {
  const { sim, world, look } = await running();
  const { handle, client } = look('ann');
  const heard: number[] = [];
  handle.onEvent('said', (_, tick) => heard.push(world().tick - tick));
  await sim.env.clock.advance(6000);
  world().emit('said', { by: 0, text: 'all' });
  world().emit('said', { by: 0, text: 'one' }, 1);
  handle.send({ move: { x: 1, y: 0 } });
  await sim.env.clock.advance(5000);
  expect(heard).toHaveLength(1);
  expect(heard[0]).toBeGreaterThanOrEqual(DELAY_MS / 50);
  expect(sim.directory.find(shown, 'plaza')!.players).toEqual([]);
  expect(handle.message({ say: 'hello' })).toBe(true);
  await sim.env.clock.advance(100);
  expect(handle.state).toMatchObject({ name: 'closed', fault: { code: 'bad_message' } });
  expect(encodeMessage(new Uint8Array(1))).toHaveLength(2);
  client.cut();
});

test('[N3] so many may look, and where nobody may nobody does', async () => {
  const { sim, look } = await running();
  const four = ['a', 'b', 'c', 'd'].map((userId) => look(userId).handle);
  await sim.env.clock.until(() => four.every(({ state }) => state.name !== 'joining'));
  expect(four.map(({ state }) => state.name)).toEqual(['playing', 'playing', 'playing', 'waiting']);
  four[0]!.leave();
  await sim.env.clock.until(() => four[3]!.state.name === 'playing', 20_000);
  const closed = new SimShards({ arena }, { start: begin });
  await closed.instance.start?.();
  const refused = joinShard(closed.client({ userId: 'a' }), arena, { ...plaza, spectate: true });
  await closed.env.clock.advance(100);
  expect(refused.state).toMatchObject({ name: 'closed', fault: { code: 'unsupported' } });
});

test('[T14] [N3] what is kept is bounded: over it spectators miss frames, and go on', async () => {
  const small = defineShard({ ...arena, spectate: { delayMs: DELAY_MS, bytes: 2000, beginEveryMs: 500 } });
  const { sim, look } = await running(small as unknown as typeof shown);
  const { handle } = look('ann');
  await sim.env.clock.advance(10_000);
  expect(handle.state.name).toBe('playing');
  const enough = defineShard({ ...arena, spectate: { delayMs: 200, bytes: 6000, beginEveryMs: 100 } });
  const other = await running(enough as unknown as typeof shown);
  const looker = other.look('ann').handle;
  await other.sim.env.clock.advance(3000);
  expect(looker.clock.tick).toBeGreaterThan(40);
});

test('[T10] a ticket may be to look: good until it is over, and not to play', async () => {
  const def = defineShard({ ...shown, spectate: { delayMs: 500 }, tickets: 'required' });
  const { sim, look } = await running(def as unknown as typeof shown);
  const ticket = sim.ctx().ticket(def, 'plaza', { userId: 'ann', role: 'spectator', expiresMs: 5000 });
  const without = look('ann').handle;
  const ann = look('ann', { ticket, spectate: false });
  await sim.env.clock.advance(1000);
  expect(without.state).toMatchObject({ name: 'closed', fault: { code: 'forbidden' } });
  expect(ann.handle.state).toEqual({ name: 'playing', entity: 0 });
  ann.client.cut();
  ann.client.connect();
  await sim.env.clock.advance(1000);
  expect(ann.handle.state.name).toBe('playing');
  await sim.env.clock.advance(4000);
  ann.client.cut();
  ann.client.connect();
  await sim.env.clock.advance(500);
  expect(ann.handle.state).toMatchObject({ name: 'closed', fault: { code: 'forbidden' } });
});

test('[T14] where not everybody sees all, spectators look through a camera, and see nothing private', async () => {
  const spec = {
    name: 'field',
    tickRate: 20,
    components: {
      position: c.vec2({ min: -512, max: 512, step: 0.1 }),
      camera: c.bool(),
      hand: c.uint({ max: 9 }).visibleTo('owner'),
    },
    input: c.struct({ go: c.bool() }),
    interest: grid({ by: 'position', cell: 32, radius: 64 }),
    authorize: () => true,
    step() {},
  };
  expect(() => defineShard({ ...spec, spectate: { delayMs: 1 } })).toThrow('spectate.camera is missing');
  expect(() => defineShard({ ...spec, interest: visibleTo(() => true), spectate: { delayMs: 1 } })).toThrow(
    'camera',
  );
  const field = defineShard({
    ...spec,
    start(world) {
      world.spawn({ camera: true, position: { x: 400, y: 400 }, hand: 7 });
      world.spawn({ position: { x: 410, y: 400 }, hand: 8 });
      world.spawn({ position: { x: -400, y: 0 }, hand: 9 });
    },
    spectate: { delayMs: 500, camera: (world) => world.entities.find(({ camera }) => camera) },
  });
  const sim = new SimShards({ field }, { start: [{ shard: 'field', id: 'f' }] });
  await sim.instance.start?.();
  const handle = joinShard(sim.client({ userId: 'ann' }), field, { id: 'f', spectate: true });
  await sim.env.clock.advance(5000);
  expect(handle.entities.map(({ position, hand }) => [Math.round(position.x), hand])).toEqual([
    [400, 0],
    [410, 0],
  ]);
});

/** Shards begin, fail, idle and end. */
import { expect, test } from 'vitest';
import { joinShard } from '../../shards/client/index.ts';
import type { WorldOf } from '../../shards/core/index.ts';
import type { Log } from '../../src/base/env.ts';
import { Fault, isFault } from '../../src/base/fault.ts';
import type { Json } from '../../src/base/json.ts';
import { arena } from './arena.ts';
import { SimShards } from './sim-shards.ts';

const start = [{ shard: 'arena', id: 'plaza', params: { bots: 0 } }];
const plaza = { id: 'plaza' };

/** An arena that throws when an entity of this name is there. */
const fragile = {
  ...arena,
  tick(...[world, dtSeconds]: Parameters<NonNullable<typeof arena.tick>>) {
    if (world.entities.some((entity) => entity.name === 'bomb')) throw new Error('boom');
    arena.tick?.(world, dtSeconds);
  },
};

/** An error as it is logged here, or as a thread has told of it. */
const told = (message: string) => expect.toSatisfy((error) => String(error).startsWith(`Error: ${message}`));

test('[T3] a shard that throws stops alone, its players are told, and the cause is in the log', async () => {
  const errors: unknown[] = [];
  const nothing = () => {};
  const log: Log = {
    debug: nothing,
    info: nothing,
    warn: nothing,
    error: (event, fields) => errors.push([event, fields]),
  };
  const both = [...start, { shard: 'arena', id: 'other', params: { bots: 0 } }];
  const sim = new SimShards({ arena: fragile }, { start: both }, { log });
  await sim.instance.start?.();
  const ann = await sim.join(fragile, { userId: 'ann' }, plaza);
  const bob = await sim.join(fragile, { userId: 'bob' }, { id: 'other' });
  const states: string[] = [];
  ann.handle.onState((state) => states.push('fault' in state ? state.fault.code : state.name));
  sim.directory.find(fragile, 'plaza')!.world.spawn({ name: 'bomb' });
  await sim.env.clock.advance(100);
  expect(states).toEqual(['internal']);
  expect(errors).toEqual([['shard.failed', expect.objectContaining({ id: 'plaza', error: told('boom') })]]);
  expect(sim.gauge('failed')).toBe(1);
  const { tick } = bob.handle.clock;
  await sim.env.clock.advance(500);
  expect(bob.handle.clock.tick).toBeGreaterThanOrEqual(tick + 9);
  // It is pinned: the next who asks for it gets a new one.
  await sim.env.clock.until(() => ann.handle.state.name === 'playing');
  expect(sim.gauge('running')).toBe(2);
});

test('[T3] what `start`, `join` and `leave` throw ends that shard alone', async () => {
  const broken = (hook: 'start' | 'join' | 'leave') => ({
    ...arena,
    [hook]() {
      throw new Error(hook);
    },
  });
  for (const hook of ['start', 'join', 'leave'] as const) {
    const def = broken(hook);
    const sim = new SimShards({ arena: def }, { createOnJoin: true });
    await sim.instance.start?.();
    const handle = joinShard(sim.client({ userId: 'ann' }), def, { id: 'x', params: { bots: 0 } });
    await sim.env.clock.advance(200);
    if (hook === 'leave') handle.leave();
    else expect(handle.state).toMatchObject({ name: 'waiting', fault: { code: 'internal' } });
    await sim.env.clock.advance(100);
    expect(sim.directory.list(def).length).toBe(0);
    expect(sim.gauge('failed')).toBeGreaterThan(0);
  }
});

test('[T3] a tick does not wait for a slow authorize', async () => {
  const slow = { ...arena, authorize: () => new Promise<boolean>(() => {}) };
  const sim = new SimShards({ arena: slow }, { start });
  await sim.instance.start?.();
  joinShard(sim.client({ userId: 'ann' }), slow, plaza);
  await sim.env.clock.advance(1000.5);
  expect(sim.directory.find(slow, 'plaza')!.world.tick).toBe(20);
});

test('a join begins a shard where the options allow it, with params that are checked', async () => {
  const sim = new SimShards({ arena }, { createOnJoin: true, idleMs: 1000, graceMs: 0 });
  await sim.instance.start?.();
  const bad = joinShard(sim.client({ userId: 'eve' }), arena, { id: 'own', params: { bots: 5000 } });
  await sim.env.clock.advance(100);
  expect(bad.state).toMatchObject({ name: 'closed', fault: { code: 'invalid' } });
  const { handle, client } = await sim.join(arena, { userId: 'ann' }, { id: 'own', params: { bots: 2 } });
  expect(handle.params).toEqual({ bots: 2 });
  expect(handle.entities.length).toBe(3);
  // Who comes later gets the shard as it is, whatever he asks for.
  const second = await sim.join(arena, { userId: 'bob' }, { id: 'own', params: { bots: 99 } });
  expect(second.handle.params).toEqual({ bots: 2 });
  second.handle.leave();
  await sim.env.clock.advance(100);
  client.cut();
  await sim.env.clock.advance(990);
  expect(sim.directory.list(arena).length).toBe(1);
  await sim.env.clock.advance(20);
  expect(sim.directory.list(arena).length).toBe(0);
  expect(sim.env.clock.pending).toBe(0);
});

test('without that option a join to a shard that does not run is refused', async () => {
  const sim = new SimShards({ arena }, { start });
  await sim.instance.start?.();
  const handle = joinShard(sim.client({ userId: 'ann' }), arena, { id: 'nowhere', params: { bots: 0 } });
  await sim.env.clock.advance(100);
  expect(handle.state).toMatchObject({ name: 'closed', fault: { code: 'not_found' } });
});

test('server code creates, finds, lists and stops', async () => {
  const sim = new SimShards({ arena }, { start, idleMs: 1000 });
  await sim.instance.start?.();
  const { directory } = sim;
  const made = directory.create(arena, { bots: 1 }, 'mine');
  await sim.env.clock.advance(5);
  expect(made.world.entities[0]!.kind).toBe('bot');
  expect(directory.find(arena, 'mine')).toBe(made);
  expect(directory.findOrCreate(arena, { bots: 9 }, 'mine')).toBe(made);
  expect(directory.list(arena).map((shard) => shard.id)).toEqual(['plaza', 'mine']);
  expect(() => directory.create(arena, { bots: 1 }, 'mine')).toThrow(
    expect.toSatisfy((error) => isFault(error, 'conflict')),
  );
  expect(() => directory.create(arena, { bots: -1 })).toThrow(
    expect.toSatisfy((error) => isFault(error, 'invalid')),
  );
  expect(() => directory.create(arena, { bots: 1 }, 'a b')).toThrow(
    expect.toSatisfy((error) => isFault(error, 'invalid')),
  );
  const { handle } = await sim.join(arena, { userId: 'ann' }, { id: 'mine' });
  expect(directory.stop(arena, 'mine')).toBe(true);
  expect(directory.stop(arena, 'mine')).toBe(false);
  await sim.env.clock.advance(100);
  expect(handle.state).toMatchObject({ name: 'waiting', fault: { code: 'unavailable' } });
  expect(made.running).toBe(false);
  directory.create(arena, { bots: 0 }, 'brief');
  await sim.env.clock.advance(1500);
  expect(directory.list(arena).map((shard) => shard.id)).toEqual(['plaza']);
});

test('[N2] while the server drains nobody joins, and who plays plays on', async () => {
  const sim = new SimShards({ arena }, { start });
  await sim.instance.start?.();
  const { handle } = await sim.join(arena, { userId: 'ann' }, plaza);
  await sim.instance.drain?.();
  const late = joinShard(sim.client({ userId: 'bob' }), arena, plaza);
  await sim.env.clock.advance(500);
  expect(late.state).toMatchObject({ name: 'waiting', fault: { code: 'unavailable' } });
  expect(handle.state.name).toBe('playing');
  late.leave();
  handle.leave();
  await sim.env.clock.advance(100);
  await sim.instance.close?.();
  expect(sim.env.clock.pending).toBe(0);
});

test('events go to all, to one player, or to some, in order', async () => {
  const sim = new SimShards({ arena }, { start });
  await sim.instance.start?.();
  const names = ['ann', 'bob', 'cid'];
  const players = [];
  for (const userId of names) players.push((await sim.join(arena, { userId }, plaza)).handle);
  const heard = players.map((handle) => {
    const texts: string[] = [];
    handle.onEvent('said', (event, tick) => texts.push(`${event.text}${tick > 0 ? '' : '?'}`));
    return texts;
  });
  const { world } = sim.directory.find(arena, 'plaza')!;
  const [ann, bob, cid] = players.map((handle) => handle.me!.id);
  world.emit('said', { by: 0, text: 'all' });
  await sim.env.clock.advance(100);
  world.emit('said', { by: 0, text: 'one' }, bob!);
  world.emit('said', { by: 0, text: 'all again' });
  world.emit('said', { by: 0, text: 'two' }, [ann!, bob!]);
  await sim.env.clock.advance(100);
  expect(heard).toEqual([
    ['all', 'all again', 'two'],
    ['all', 'one', 'all again', 'two'],
    ['all', 'all again'],
  ]);
  expect(() => world.emit('said', { by: 0.5, text: '' })).toThrow(
    expect.toSatisfy((error) => isFault(error, 'invalid')),
  );
  expect(cid).toBeGreaterThan(0);
});

test('server code asks a shard, wherever it runs', async () => {
  const asked = {
    ...arena,
    answer(world: WorldOf<typeof arena>, question: Json): Json {
      if (question === 'count') return { count: world.entities.length };
      if (question === 'despawn') return world.despawn(world.entities[0]!.id);
      if (question === 'throw') throw new Error('boom');
      throw new Fault('not_found', `no answer to ${JSON.stringify(question)}`);
    },
  };
  const sim = new SimShards(
    { arena: asked },
    { start: [{ shard: 'arena', id: 'plaza', params: { bots: 3 } }] },
  );
  await sim.instance.start?.();
  const ref = sim.directory.find(asked, 'plaza')!;
  const ask = (question: Json) => sim.env.clock.run(ref.ask(question));
  expect(await ask('count')).toEqual({ count: 3 });
  expect(await ask('despawn')).toBe(true);
  expect(await ask('count')).toEqual({ count: 2 });
  await expect(ask('what')).rejects.toThrow('no answer to "what"');
  expect(ref.running).toBe(true);
  await expect(ask('throw')).rejects.toMatchObject({ code: 'internal' });
  expect(ref.running).toBe(false);
  await expect(ask('count')).rejects.toMatchObject({ code: 'unavailable' });
  const silent = sim.directory.create(asked, { bots: 0 }, 'silent');
  silent.stop();
  await expect(sim.env.clock.run(silent.ask('count'))).rejects.toMatchObject({ code: 'unavailable' });
});

test('a shard without `answer` says so', async () => {
  const sim = new SimShards({ arena }, { start });
  await sim.instance.start?.();
  const ref = sim.directory.find(arena, 'plaza')!;
  await expect(sim.env.clock.run(ref.ask('anything'))).rejects.toMatchObject({ code: 'invalid' });
});

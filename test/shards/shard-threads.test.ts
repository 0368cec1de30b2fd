/** What only shards in threads do, over simulated threads. What both hosts do: test/contract/shard-hosts.test.ts. */
import { expect, test } from 'vitest';
import { joinShard } from '../../shards/client/index.ts';
import type { AnyShardDef } from '../../shards/core/define-shard.ts';
import { encodeLeave } from '../../shards/core/frames.ts';
import { DEFAULT_SHARDS_OPTIONS } from '../../shards/server/index.ts';
import type { Log } from '../../src/base/env.ts';
import { arena } from './arena.ts';
import { FakeChannel } from './fake-channel.ts';
import { decodedStates, recordedArena } from './recorded-arena.ts';
import { SimShards } from './sim-shards.ts';

const params = { bots: 2 };
const start = ['a', 'b', 'c', 'd'].map((id) => ({ shard: 'arena', id, params }));

async function running(options = {}, { def = arena, log }: { def?: typeof arena; log?: Log } = {}) {
  const sim = new SimShards({ arena: def }, { threads: 2, start, ...options }, log && { log });
  await sim.instance.start?.();
  return sim;
}

test('[T3] a thread that dies stops its shards alone; its players are told, and come back to a new one', async () => {
  const sim = await running();
  const [ann, bob] = [
    await sim.join(arena, { userId: 'ann' }, { id: 'a' }),
    await sim.join(arena, { userId: 'bob' }, { id: 'b' }),
  ];
  const states: string[] = [];
  ann.handle.onState((state) => states.push('fault' in state ? state.fault.code : state.name));
  await sim.env.clock.advance(2000);
  const before = sim.gauge('ticks');
  expect(before).toBeGreaterThan(100);
  const refs = sim.directory.list(arena);
  sim.threads.begun[0]!.die();
  expect(refs.map((ref) => ref.running)).toEqual([false, true, false, true]);
  expect([sim.gauge('running'), sim.gauge('failed')]).toEqual([2, 2]);
  await sim.env.clock.advance(3000);
  expect(states).toEqual(['unavailable', 'joining', 'playing']);
  expect(ann.handle.clock.tick).toBeLessThan(80);
  expect(bob.handle.clock.tick).toBeGreaterThan(90);
  expect(sim.threads.begun.length).toBe(3);
  // What the dead thread has counted is not forgotten.
  expect(sim.gauge('ticks')).toBeGreaterThan(before);
});

test('regression: a thread that has died holds no cells and no streams any more', async () => {
  const sim = await running();
  await sim.join(arena, { userId: 'ann' }, { id: 'a' });
  await sim.env.clock.advance(2000);
  expect(sim.gauge('streams')).toBeGreaterThan(0);
  for (const thread of sim.threads.begun) thread.die();
  expect([sim.gauge('cells'), sim.gauge('streams')]).toEqual([0, 0]);
});

test('regression: who has left while his channel is open is no player again when his roles change', async () => {
  const sim = await running();
  const { session, ...channel } = new FakeChannel('ann');
  const told: (() => void)[] = [];
  let viewer = session.viewer;
  const changing = {
    ...session,
    get viewer() {
      return viewer;
    },
    onViewer: (listener: () => void) => {
      told.push(listener);
      return () => {};
    },
  };
  const open = sim.instance.channels!.shard!;
  const end = { ...channel, session: changing, send: () => true, close: () => {} };
  const handler = await sim.env.clock.run(open(end, { shard: 'arena', id: 'a' }));
  handler.opened?.();
  await sim.env.clock.advance(100);
  const players = () => sim.directory.find(arena, 'a')!.players.length;
  expect(players()).toBe(1);
  handler.frame(encodeLeave());
  await sim.env.clock.advance(100);
  expect(players()).toBe(0);
  viewer = { ...viewer, roles: ['vip'] };
  for (const tell of told) tell();
  await sim.env.clock.advance(100);
  expect(players()).toBe(0);
});

test('[T3] a join that waits for a thread that dies is refused, not forgotten', async () => {
  const sim = await running();
  sim.threads.stalled = true;
  const handle = joinShard(sim.client({ userId: 'ann' }), arena, { id: 'a' });
  await sim.env.clock.advance(100);
  expect(handle.state.name).toBe('joining');
  sim.threads.begun[0]!.die();
  await sim.env.clock.advance(100);
  expect(handle.state).toMatchObject({ name: 'waiting', fault: { code: 'unavailable' } });
});

test('[T3] [N3] a thread that is silent for threadTimeoutMs is ended, and not a moment before', async () => {
  const errors: string[] = [];
  const nothing = () => {};
  const log = {
    debug: nothing,
    info: nothing,
    warn: nothing,
    error: (event: string) => void errors.push(event),
  };
  const sim = await running({ threadTimeoutMs: 2000 }, { log });
  await sim.env.clock.advance(10_000);
  sim.threads.stalled = true;
  await sim.env.clock.advance(990);
  sim.threads.stalled = false;
  await sim.env.clock.advance(10_000);
  expect(errors).toEqual([]);
  sim.threads.stalled = true;
  await sim.env.clock.advance(1900);
  expect(errors).toEqual([]);
  await sim.env.clock.advance(1200);
  expect(errors).toEqual(['shard.thread_died', 'shard.thread_died']);
  expect(sim.gauge('running')).toBe(0);
  expect(sim.env.clock.pending).toBe(0);
});

test('[T4] [N3] while threadBytes are under way to a thread, inputs are dropped and counted', async () => {
  const sim = await running({ threadBytes: 800, threadTimeoutMs: 60_000 });
  const { handle } = await sim.join(arena, { userId: 'ann' }, { id: 'a' });
  await sim.env.clock.advance(2000);
  expect(sim.gauge('inputs_rejected')).toBe(0);
  sim.threads.stalled = true;
  await sim.env.clock.advance(10_000);
  expect(sim.gauge('inputs_rejected')).toBeGreaterThan(50);
  sim.threads.stalled = false;
  await sim.env.clock.advance(10_000);
  const rejected = sim.gauge('inputs_rejected');
  await sim.env.clock.advance(5000);
  expect(sim.gauge('inputs_rejected')).toBe(rejected);
  expect(handle.state.name).toBe('playing');
  const { x } = handle.me!.position;
  handle.send({ move: { x: 0, y: 1 } });
  await sim.env.clock.advance(1000);
  expect(handle.me!.position.x).toBeGreaterThan(x + 3);
});

test('[N3] questions to a shard are answered, refused at the limit, and lost with their thread', async () => {
  const def = { ...arena, answer: () => 42 };
  const sim = new SimShards({ arena: def }, { threads: 1, start: [start[0]!] });
  await sim.instance.start?.();
  const ref = sim.directory.find(def, 'a')!;
  sim.threads.stalled = true;
  const waiting = Array.from({ length: 1000 }, () => ref.ask(null).catch((error) => error.code));
  await expect(ref.ask(null)).rejects.toMatchObject({ code: 'overloaded' });
  sim.threads.stalled = false;
  await sim.env.clock.advance(100);
  expect(new Set(await Promise.all(waiting))).toEqual(new Set([42]));
  sim.threads.stalled = true;
  const lost = ref.ask(null);
  sim.threads.begun[0]!.die();
  await expect(lost).rejects.toMatchObject({ code: 'unavailable' });
});

test('a shard is begun on the thread with the fewest players', async () => {
  const sim = await running({ start: [start[0]!] });
  await sim.join(arena, { userId: 'ann' }, { id: 'a' });
  const { directory } = sim;
  for (const id of ['x', 'y', 'z']) directory.create(arena, params, id);
  await sim.env.clock.advance(10);
  sim.threads.begun[0]!.die();
  const left = directory.list(arena).map((shard) => shard.id);
  expect(left).toEqual(['x', 'y', 'z']);
});

/** Slow players get nothing rather than less, so that every state that they get is that of its tick. */
const EXACT = { coarserAfterMs: 60_000, nearerAfterMs: 60_000 };

test('[T2] [T5] slow lines between threads skip frames and never spoil one', async () => {
  const { def, hashes } = recordedArena();
  const sim = new SimShards({ arena: def }, { threads: 1, start: [start[0]!], ackWindowMs: 2000, ...EXACT });
  await sim.instance.start?.();
  const { client, handle } = await sim.join(def, { userId: 'ann', kernelSize: 2 }, { id: 'a' });
  for (let round = 0; round < 30; round++) {
    sim.threads.latencyMs = (round * 37) % 160;
    if (round % 7 === 3) client.pause();
    if (round % 7 === 5) client.resume();
    await sim.env.clock.advance(333);
  }
  const states = decodedStates(client.received);
  expect(states.length).toBeGreaterThan(60);
  expect(states.every(({ tick }, i) => i === 0 || tick > states[i - 1]!.tick)).toBe(true);
  for (const { tick, hash } of states) expect([tick, hash]).toEqual([tick, hashes.get(tick)]);
  expect(sim.gauge('frames_skipped')).toBeGreaterThan(20);
  expect(handle.state.name).toBe('playing');
});

test('with other definitions in the module than here, the server does not start', async () => {
  const sim = new SimShards({ arena: { ...arena, hash: 'another' } }, { threads: 1, start: [] });
  sim.threads.defs = new Map([['arena', arena]]);
  await expect(sim.instance.start?.()).rejects.toThrow('another version of the shard arena');
  const empty = new SimShards({ arena }, { threads: 1, start: [] });
  empty.threads.defs = new Map();
  await expect(empty.instance.start?.()).rejects.toThrow('exports no shard arena');
  expect(empty.env.clock.pending).toBe(0);
});

test('[N3] a thread that is not ready within threadStartMs is given up', async () => {
  const sim = new SimShards({ arena }, { threads: 1, start: [], threadStartMs: 3000 });
  sim.threads.stalled = true;
  await expect(sim.instance.start?.()).rejects.toThrow('not ready in 3000 ms');
  expect(sim.env.clock.monotonic()).toBe(3000);
});

test('[N3] regression: what is logged of a shard keeps no more than its own bytes in memory', async () => {
  const { env, threads } = new SimShards({ arena });
  const options = { ...DEFAULT_SHARDS_OPTIONS, threads: 1 };
  const host = threads.host(env, new Map([[arena.name, arena as unknown as AnyShardDef]]), options);
  const begin = { id: 'z', params: { bots: 2 }, seed: 'seed', pinned: true };
  const shard = host.begin(arena as unknown as AnyShardDef, begin, () => {});
  const logged: Uint8Array[] = [];
  shard.log(1, ({ bytes }) => logged.push(bytes));
  await env.clock.advance(1000);
  expect(logged.length).toBeGreaterThan(10);
  for (const bytes of logged) expect(bytes.buffer.byteLength).toBe(bytes.length);
  await env.clock.run(host.close());
});

test('[N3] options of threads are checked', () => {
  const make = (options: object) => () => new SimShards({ arena }, options);
  expect(make({ threads: -1 })).toThrow('threads');
  expect(make({ threads: 1.5 })).toThrow('threads');
  // Half a tick to make up for would be no last one, and frames go with the last.
  expect(make({ maxCatchUpTicks: 2.5 })).toThrow('maxCatchUpTicks');
  expect(make({ threads: 1, module: undefined })).toThrow('module');
  expect(make({ threadTimeoutMs: 0 })).toThrow('threadTimeoutMs');
  expect(make({ threadBytes: 0 })).toThrow('threadBytes');
  expect(DEFAULT_SHARDS_OPTIONS.threads).toBe(0);
});

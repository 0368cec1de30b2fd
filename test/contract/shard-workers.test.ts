/** Shards in real worker threads. What can be said without them is tested over simulated ones. */
import { afterEach, expect, test } from 'vitest';
import { shardInfo } from '../../shards/client/stay.ts';
import { encodeMessage } from '../../shards/core/frames.ts';
import type { AnyShardDef } from '../../shards/core/index.ts';
import { InputEncoder } from '../../shards/core/input-codec.ts';
import { WorldColumns } from '../../shards/core/world-columns.ts';
import { InlineHost } from '../../shards/server/inline-host.ts';
import { nodePacker } from '../../shards/server/node-packer.ts';
import { resolveOptions } from '../../shards/server/options.ts';
import type { HostedShard } from '../../shards/server/shard-host.ts';
import { ThreadHost } from '../../shards/server/thread-host.ts';
import { workerSpawner } from '../../shards/server/worker-port.ts';
import { deferred } from '../../src/base/deferred.ts';
import { type Fault, isFault } from '../../src/base/fault.ts';
import { fnv1a64 } from '../../src/base/hash.ts';
import { parseShape, s } from '../../src/base/shape.ts';
import { nodeEnv } from '../../src/server/node-env.ts';
import { simEnv } from '../../src/testing/sim-env.ts';
import { type FakeChannel, play } from '../shards/fake-channel.ts';
import { told, vandal } from '../shards/worker-defs.ts';

const module = new URL('../shards/worker-defs.ts', import.meta.url);
const defs = new Map<string, AnyShardDef>(
  [told, vandal].map((def) => [def.name, def as unknown as AnyShardDef]),
);

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const host of open.splice(0)) await host.close();
});

async function threads(given: { threads?: number; threadTimeoutMs?: number; module?: URL } = {}) {
  const options = resolveOptions({ threads: 1, module, ...given });
  const { start: _, module: from, ...rest } = options;
  const host = new ThreadHost(nodeEnv('silent'), { defs, spawn: workerSpawner(from!, rest) }, options);
  open.push(host);
  await host.start();
  return host;
}

const stateEvent = s.array(s.json(), 2);
const said = s.object({ by: s.int(), text: s.string(16) });
/** Hashes by tick, as the players were told. */
function hashes({ events }: FakeChannel): Map<number, string> {
  const list = events.map((event) => parseShape(stateEvent, event, 'event'));
  const states = list.map(([, data]) => parseShape(said, data, 'said'));
  return new Map(states.map(({ by, text }) => [by, text]));
}

const SEED = 'a seed';
const BOTS = 10;
const TICKS = 60;
/** Far enough ahead to be in time on a machine that is busy. */
const LEAD = 50;
const begin = { id: 'one', params: { bots: BOTS }, seed: SEED, pinned: true };
/** What the player does in the n-th tick after his first input. */
function inputAt(n: number) {
  return { move: { x: (n % 9) / 4 - 1, y: 1 }, yaw: n / 9, fire: n % 3 === 0 };
}

/** Joins, sends the inputs, stamped well ahead of the ticks that are computed meanwhile, and waits for all of them. */
async function playThrough(shard: HostedShard): Promise<{ channel: FakeChannel; joined: number }> {
  const { channel, player } = await play(shard, 'ann');
  const joined = shardInfo.parse(player.info).tick;
  const table = told.inputType.table(TICKS);
  for (let n = 0; n < TICKS; n++) Object.assign(table.at(n), inputAt(n));
  const first = joined + LEAD;
  let sent = 0;
  const encoder = new InputEncoder();
  const more = () => {
    const now = Math.max(joined, ...hashes(channel).keys());
    while (sent < TICKS && first + sent < now + LEAD + 10) {
      const count = Math.min(4, TICKS - sent);
      const from = sent;
      const header = { ackTick: 0, firstTick: first + from, count };
      player.frame(encoder.encode(header, table, (tick) => tick - first));
      sent += count;
    }
    return now >= first + TICKS + 20;
  };
  await channel.until(more);
  return { channel, joined };
}

/** The same run from what is known of it: seed, params, when he joined, what he did. */
function replay(joined: number, ticks: number): Map<number, string> {
  const options = { seed: SEED, stepSeed: fnv1a64(`step/${SEED}`), maxEntities: 200, emit: () => {} };
  const world = new WorldColumns<typeof told.components, typeof told.events>(told.entityType, options);
  const input = told.inputType.table(1).at(0);
  const neutral = told.inputType.table(1).at(0);
  told.start?.(world, begin.params);
  const result = new Map<number, string>();
  let entity: number | undefined;
  for (let tick = 1; tick <= ticks; tick++) {
    if (tick === joined + 1) {
      entity = told.join!(world, { userId: 'ann', name: 'ann', roles: [], entityId: 0 })!.id;
    }
    world.tick = tick;
    const n = tick - (joined + LEAD);
    const repeats = told.limits.inputRepeatTicks;
    if (n >= 0 && n < TICKS) Object.assign(input, inputAt(n));
    if (entity !== undefined) {
      world.beginStep(entity);
      told.step(
        world,
        world.get(entity)!,
        n >= 0 && n < TICKS + repeats ? input : neutral,
        1 / told.tickRate,
      );
      world.endStep();
    }
    told.tick?.(world, 1 / told.tickRate);
    result.set(tick, world.hash());
  }
  return result;
}

test('[T1] the same seed, params and inputs: the same hash in a worker, on the main thread, and replayed', async () => {
  const host = await threads();
  const live = await playThrough(host.begin(defs.get('told')!, begin, () => {}));
  const inWorker = hashes(live.channel);

  const env = simEnv();
  const inline = new InlineHost(env, resolveOptions({}));
  open.push(inline);
  const shard = inline.begin(defs.get('told')!, begin, () => {});
  await env.clock.until(() => shard.world.tick === live.joined);
  const again = await env.clock.run(playThrough(shard));
  const onMain = hashes(again.channel);

  const replayed = replay(live.joined, Math.max(...inWorker.keys(), ...onMain.keys()));
  expect(again.joined).toBe(live.joined);
  expect(inWorker.size).toBeGreaterThan(TICKS + LEAD);
  for (const run of [inWorker, onMain]) {
    for (const [tick, hash] of run) expect([tick, hash]).toEqual([tick, replayed.get(tick)]);
  }
  expect(new Set(replayed.values()).size).toBe(replayed.size);
});

test('the world of a shard in a thread is out of reach, with a typed error; its players are known', async () => {
  const host = await threads();
  const shard = host.begin(defs.get('told')!, begin, () => {});
  expect(() => shard.world).toThrow(expect.toSatisfy((error) => isFault(error, 'unsupported')));
  const { channel } = await play(shard, 'ann');
  await channel.until(() => channel.frames > 0);
  expect(shard.players).toEqual([expect.objectContaining({ userId: 'ann', name: 'ann' })]);
});

const message = (how: string) => encodeMessage(nodePacker().encode({ how }));

test.each([
  ['throw', 'internal'],
  ['throw-later', 'unavailable'],
  ['hang', 'unavailable'],
  ['exit', 'unavailable'],
])(
  '[T3] a shard that does %s ends with %s for its players; another thread goes on, and a new one serves',
  async (how, code) => {
    const host = await threads({ threads: 2, threadTimeoutMs: 3000 });
    const stopped = deferred<Fault | undefined>();
    const bad = host.begin(defs.get('vandal')!, begin_('bad'), stopped.resolve);
    const { channel, player } = await play(bad, 'eve');
    const good = await play(
      host.begin(defs.get('told')!, begin, () => {}),
      'ann',
    );
    player.frame(message(how));
    expect(isFault(await stopped.promise, code as Fault['code'])).toBe(true);
    expect(channel.fault?.code).toBe(code);
    expect(bad.running).toBe(false);
    const seen = good.channel.events.length;
    await good.channel.until(() => good.channel.events.length > seen + 10);
    expect(good.channel.fault).toBeUndefined();
    const again = await play(
      host.begin(defs.get('vandal')!, begin_('bad'), () => {}),
      'eve',
    );
    await again.channel.until(() => again.channel.frames > 0);
  },
);

function begin_(id: string) {
  return { ...begin, id, params: {} };
}

test('a module that cannot be loaded is a clear error at the start', async () => {
  await expect(threads({ module: new URL('./no-such-module.ts', import.meta.url) })).rejects.toThrow(
    'no-such-module',
  );
  await expect(threads({ module: new URL('../shards/arena.ts', import.meta.url) })).rejects.toThrow(
    'exports no shard told',
  );
});

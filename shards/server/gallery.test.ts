import { expect, test } from 'vitest';
import type { Channel } from '../../src/plugin/channel.ts';
import { simEnv } from '../../src/testing/sim-env.ts';
import { c } from '../core/components.ts';
import { defineShard } from '../core/define-shard.ts';
import { DEFAULT_SHARDS_OPTIONS } from './options.ts';
import { Shard } from './shard.ts';

const TICK_MS = 100;
const BYTES = 4000;
const def = defineShard({
  name: 'counter',
  tickRate: 10,
  components: { n: c.uint({ max: 1_000_000 }) },
  input: c.struct({ add: c.bool() }),
  events: {},
  authorize: () => true,
  start: (world) => {
    for (let i = 0; i < 50; i++) world.spawn();
  },
  tick: (world) => {
    for (const entity of world.entities) entity.n += world.random.int(9);
  },
  step() {},
  spectate: { delayMs: 60_000, bytes: BYTES, beginEveryMs: 1000 },
});

const nothing = () => {};
function begun(of: typeof def) {
  const { clock, ...env } = simEnv();
  const events = { wake: nothing, came: nothing, went: nothing, stopped: nothing };
  const options = { id: 'one', params: {}, seed: 'seed', graceMs: 0, ladder: DEFAULT_SHARDS_OPTIONS };
  const shard = new Shard({ ...env, clock }, { def: of, events }, options);
  shard.start();
  return { clock, shard, gallery: shard.gallery! };
}

/** The same with this delay; it ticks when it is told, and its spectators count their frames. */
function running(delayMs: number) {
  const spectate = { delayMs, bytes: 1 << 20, beginEveryMs: 1000 };
  const { clock, shard, gallery } = begun(defineShard({ ...def, spectate }));
  const tick = async (times: number) => {
    for (let i = 0; i < times; i++) {
      await clock.advance(TICK_MS);
      shard.tick(true);
    }
  };
  const looker = () => {
    const tags: number[] = [];
    const latest = {
      put: (_: unknown, tag: number) => void tags.push(tag),
      get sentTag() {
        return tags.at(-1) ?? -1;
      },
    };
    return { tags, channel: { latest, send: () => true, close: nothing } as unknown as Channel };
  };
  return { shard, clock, gallery, tick, looker };
}

test('[T14] regression: nothing is sent to a spectator before he knows that his channel is open', async () => {
  const { shard, gallery, tick, looker, clock } = running(1000);
  await tick(30);
  const [ann, bob] = [looker(), looker()];
  gallery.admit(ann.channel);
  gallery.opened(ann.channel);
  gallery.admit(bob.channel);
  await tick(10);
  expect(ann.tags.length).toBeGreaterThan(5);
  expect(bob.tags).toEqual([]);
  gallery.opened(bob.channel);
  await clock.advance(20);
  expect(bob.tags.length).toBeGreaterThan(0);
  shard.stop();
});

test('[T14] regression: who comes, or asks anew, waits for no frame that is not old enough', async () => {
  const { shard, gallery, tick, looker, clock } = running(5000);
  await tick(20);
  await clock.advance(10_000);
  const [ann, bob] = [looker(), looker()];
  gallery.admit(ann.channel);
  gallery.opened(ann.channel);
  await clock.advance(500);
  await tick(1);
  const seen = ann.tags.length;
  gallery.admit(bob.channel);
  gallery.opened(bob.channel);
  gallery.resync(ann.channel);
  await clock.advance(20);
  expect(bob.tags.length).toBeGreaterThan(0);
  expect(ann.tags.length).toBeGreaterThan(seen);
  shard.stop();
});

test('[T14] [N3] what is kept for spectators stays within its bytes, and begins with a beginning', async () => {
  const { clock, shard, gallery } = begun(def);
  let most = 0;
  for (let i = 0; i < 600; i++) {
    await clock.advance(TICK_MS);
    shard.tick(true);
    most = Math.max(most, gallery.bytes);
    expect(gallery.bytes).toBeLessThanOrEqual(BYTES);
  }
  expect(most).toBeGreaterThan(BYTES / 2);
  expect(clock.pending).toBe(0);
  const channel = { latest: { put: nothing, sentTag: -1 }, send: () => true, close: nothing };
  gallery.admit(channel as unknown as Channel);
  expect(gallery.size).toBe(1);
  shard.stop();
  expect([gallery.size, gallery.bytes, clock.pending]).toEqual([0, 0, 0]);
});

test('[T14] whose copy differs begins anew, also when nothing happens in the shard any more', async () => {
  const { clock, shard, gallery } = begun(defineShard({ ...def, spectate: { delayMs: 0 } }));
  let frames = 0;
  const latest = { put: () => void frames++, sentTag: Number.POSITIVE_INFINITY };
  const channel = { latest, send: () => true, close: nothing } as unknown as Channel;
  gallery.admit(channel);
  gallery.opened(channel);
  shard.tick(true);
  await clock.advance(TICK_MS);
  expect([frames, clock.pending]).toEqual([1, 0]);
  gallery.resync(channel);
  await clock.advance(TICK_MS);
  expect([frames, clock.pending]).toEqual([2, 0]);
});

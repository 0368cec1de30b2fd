import { expect, test } from 'vitest';
import { contentOf } from '../../src/base/parcel.ts';
import type { Channel } from '../../src/plugin/channel.ts';
import { simEnv } from '../../src/testing/sim-env.ts';
import { c } from '../core/components.ts';
import { defineShard } from '../core/define-shard.ts';
import { Shard } from './shard.ts';

const def = defineShard({
  name: 'counter',
  tickRate: 10,
  snapshotEvery: 2,
  components: { n: c.uint({ max: 1000 }) },
  input: c.struct({ add: c.bool() }),
  authorize: () => true,
  step: (_world, entity) => {
    entity.n++;
  },
});

const PATIENT = {
  coarserAfterMs: 60_000,
  nearerAfterMs: 60_000,
  ackWindowMs: 60_000,
  closeAfterMs: 60_000,
  calmMs: 0,
};

function newShard() {
  const nothing = () => {};
  const events = { wake: nothing, came: nothing, went: nothing, stopped: nothing };
  const shard = new Shard(
    simEnv(),
    { def, events },
    { id: 'one', params: {}, seed: 'seed', graceMs: 0, ladder: PATIENT },
  );
  shard.start();
  const frames: { tag: number; bytes: Uint8Array }[] = [];
  const channel: Channel = {
    session: {
      id: 's',
      clientId: 'c',
      viewer: { userId: 'ann', kind: 'user', roles: [], name: 'ann' },
      onViewer: () => () => {},
    },
    send: () => true,
    latest: {
      put: (frame, tag) => void frames.push({ bytes: contentOf(frame), tag }),
      get sentTag() {
        return frames.at(-1)?.tag ?? -1;
      },
    },
    close: () => {},
  };
  const seat = shard.seat(channel);
  return { shard, seat, frames };
}

test('nothing is sent before the client knows that its channel is open', () => {
  const { shard, seat, frames } = newShard();
  for (let i = 0; i < 4; i++) shard.tick(true);
  expect(frames).toEqual([]);
  shard.play(seat);
  for (let i = 0; i < 4; i++) shard.tick(true);
  expect(frames.map((frame) => frame.tag)).toEqual([6, 8]);
});

test('[T9] while it catches up a shard computes every tick and sends only in the last', () => {
  const { shard, seat, frames } = newShard();
  shard.play(seat);
  shard.tick(false);
  shard.tick(false);
  shard.tick(true);
  expect(shard.world.tick).toBe(3);
  expect(shard.world.get(seat.entityId)).toMatchObject({ n: 3 });
  // The frame of tick 2 was due; it goes out with the state of tick 3.
  expect(frames.map((frame) => frame.tag)).toEqual([3]);
});

test('[T5] every frame has bytes of its own', () => {
  const { shard, seat, frames } = newShard();
  shard.play(seat);
  for (let i = 0; i < 10; i++) shard.tick(true);
  const spans = frames.map(({ bytes }) => ({
    buffer: bytes.buffer,
    from: bytes.byteOffset,
    to: bytes.byteOffset + bytes.length,
  }));
  for (const [i, span] of spans.entries()) {
    const overlaps = spans.filter(
      (other, n) => n !== i && other.buffer === span.buffer && other.from < span.to && span.from < other.to,
    );
    expect(overlaps).toEqual([]);
  }
});

test('stopping twice does nothing, and a stopped shard does not tick', () => {
  const { shard } = newShard();
  shard.stop();
  shard.stop();
  shard.tick(true);
  expect(shard.world.tick).toBe(0);
  expect([shard.running, shard.players.size]).toEqual([false, 0]);
});

test('[T7] a seat keeps the eye that it was given: a copy, which lasts', () => {
  const { shard, seat } = newShard();
  const at = { x: 1, y: Number.NaN, z: Number.POSITIVE_INFINITY };
  seat.eye = at;
  at.x = 2;
  expect(seat.eye).toEqual({ x: 1, y: 0, z: Number.MAX_SAFE_INTEGER });
  const other = newShard().shard;
  const state = shard.state();
  other.load({ ...state, seats: state.seats.map((kept) => ({ ...kept, number: 7 })) });
  expect([...other.players].find(({ number }) => number === 7)?.eye).toEqual(seat.eye);
});

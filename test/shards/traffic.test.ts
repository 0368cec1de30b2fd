/** What a client sends when nothing is wrong. */
import { expect, test } from 'vitest';
import { joinShard } from '../../shards/client/index.ts';
import { KIND } from '../../shards/core/frames.ts';
import { InputDecoder } from '../../shards/core/input-codec.ts';
import type { EngineHost } from '../../src/client/channel.ts';
import { arena } from './arena.ts';
import { SimShards } from './sim-shards.ts';

const start = [{ shard: 'arena', id: 'plaza', params: { bots: 0 } }];

test.each([0, 20, 45])(
  'with %i ms of latency, a join and its first inputs are rejected nowhere',
  async (latencyMs) => {
    const sim = new SimShards({ arena }, { start });
    await sim.instance.start?.();
    const { handle } = await sim.join(arena, { userId: 'ann', latencyMs }, { id: 'plaza' });
    await sim.env.clock.advance(5000);
    expect(handle.stats.rejected).toBe(0);
    expect(handle.stats.mispredictions).toBe(0);
    expect(sim.gauge('inputs_rejected')).toBe(0);
  },
);

test.each([0, 60])('with %i ms of jitter, every input travels once', async (jitterMs) => {
  const sim = new SimShards({ arena }, { start });
  await sim.instance.start?.();
  const client = sim.client({ userId: 'ann', latencyMs: 20, jitterMs });
  const decoder = new InputDecoder(arena.inputType.lanes);
  const ticks: number[] = [];
  const { docs, store, env, channels } = client;
  const open: EngineHost['channels']['open'] = (kind, params, events) => {
    const channel = channels.open(kind, params, events);
    const send = (payload: Uint8Array) => {
      if (payload[0] === KIND.input) {
        decoder.open(payload);
        for (let i = 0; i < decoder.count; i++) ticks.push(decoder.firstTick + i);
      }
      return channel.send(payload);
    };
    return { send, close: () => channel.close() };
  };
  const onSession: EngineHost['onSession'] = (listener) => client.onSession(listener);
  const host = { docs, store, env, session: client.session, onSession, channels: { open } };
  joinShard(host, arena, { id: 'plaza' });
  await sim.env.clock.advance(10_000);
  expect(ticks.length).toBeGreaterThan(10 * arena.tickRate * 0.9);
  expect(ticks.slice(1).filter((tick, i) => tick <= ticks[i]!)).toEqual([]);
});

test('the bytes of frames are told by component: what moves costs, what stands does not', async () => {
  const sim = new SimShards({ arena }, { start });
  await sim.instance.start?.();
  const { client, handle } = await sim.join(arena, { userId: 'ann', latencyMs: 20 }, { id: 'plaza' });
  handle.send({ move: { x: 1, y: 0 } });
  await sim.env.clock.advance(1000);
  const before = handle.stats.componentBytes();
  expect(Object.keys(before)).toEqual(Object.keys(arena.entityType.fields));
  for (let i = 0; i < 20; i++) {
    handle.send({ move: { x: i % 2 === 0 ? 1 : -1, y: 0 } });
    await sim.env.clock.advance(250);
  }
  const after = handle.stats.componentBytes();
  expect(after.position! - before.position!).toBeGreaterThan(10);
  expect(after.name).toBe(before.name);
  const all = Object.values(after).reduce((sum, bytes) => sum + bytes, 0);
  const received = client.received.reduce((sum, payload) => sum + payload.length, 0);
  expect(all).toBeLessThan(received);
});

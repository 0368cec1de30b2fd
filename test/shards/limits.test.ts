/** [N3] Each limit at its edge, by a client that does not keep to it. */
import { expect, test } from 'vitest';
import { joinShard } from '../../shards/client/index.ts';
import { decodeReject, encodeMessage, KIND, type Reject } from '../../shards/core/frames.ts';
import { InputEncoder } from '../../shards/core/input-codec.ts';
import { Reader } from '../../src/base/bytes.ts';
import { type Fault, isFault } from '../../src/base/fault.ts';
import { arena } from './arena.ts';
import { SimShards } from './sim-shards.ts';

const start = [{ shard: 'arena', id: 'plaza', params: { bots: 0 } }];
const plaza = { id: 'plaza' };

async function running(options = {}) {
  const sim = new SimShards({ arena }, { start, ...options });
  await sim.instance.start?.();
  return sim;
}

/** A client that writes its own bytes. */
async function rawClient(sim: SimShards) {
  const client = sim.client({ userId: 'eve', latencyMs: 1 });
  const rejects: [Reject, number][] = [];
  let fault: Fault | undefined;
  const channel = client.channels.open(
    'shard',
    { shard: 'arena', id: 'plaza' },
    {
      opened: () => {},
      frame(payload) {
        const reader = new Reader(payload);
        if (reader.u8() !== KIND.reject) return;
        const { reject, inputTick } = decodeReject(reader);
        rejects.push([reject, inputTick]);
      },
      lost: () => {},
      closed(reason) {
        fault = reason;
      },
    },
  );
  await sim.env.clock.advance(10);
  const encoder = new InputEncoder();
  const table = arena.inputType.table(1);
  const sendInput = (firstTick: number, count: number, ackTick = 0) =>
    channel.send(encoder.encode({ ackTick, firstTick, count }, table, () => 0));
  const { world } = sim.directory.find(arena, 'plaza')!;
  return { client, channel, rejects, sendInput, world, closedWith: () => fault };
}

test('[T4] [N3] input frames above the rate are rejected with a code, and told once a tick', async () => {
  const sim = await running();
  const { sendInput, rejects, world, closedWith } = await rawClient(sim);
  const burst = arena.limits.inputsPerSecond / 2;
  for (let i = 0; i < burst; i++) sendInput(world.tick + 2, 1);
  await sim.env.clock.advance(120);
  expect(rejects).toEqual([]);
  for (let i = 0; i < 500; i++) sendInput(world.tick + 2, 1);
  await sim.env.clock.advance(60);
  expect(rejects.map(([reject]) => reject)).toEqual(['rate_limited']);
  await sim.env.clock.until(() => sim.gauge('inputs_rejected') > 400);
  expect(closedWith()).toBeUndefined();
});

test('[T4] late, early, duplicate and oversized inputs are rejected with their codes', async () => {
  const sim = await running();
  const { sendInput, rejects, world } = await rawClient(sim);
  await sim.env.clock.advance(200);
  const now = world.tick;
  sendInput(now - 1, 1);
  sendInput(now + 1000, 1);
  sendInput(now + 2, arena.limits.inputTicks + 1);
  await sim.env.clock.advance(60);
  expect(rejects.sort()).toEqual([
    ['early', now + 1000],
    ['late', now - 1],
    ['too_large', now + 2 + arena.limits.inputTicks],
  ]);
});

test.each([
  [
    'an acknowledgement of a frame that was never sent',
    (raw: Awaited<ReturnType<typeof rawClient>>) => raw.sendInput(1, 1, 10_000),
  ],
  [
    'a cut input',
    (raw: Awaited<ReturnType<typeof rawClient>>) => raw.channel.send(Uint8Array.of(KIND.input, 0, 9, 3, 1)),
  ],
  ['an unknown kind', (raw: Awaited<ReturnType<typeof rawClient>>) => raw.channel.send(Uint8Array.of(0x7f))],
  ['an empty frame', (raw: Awaited<ReturnType<typeof rawClient>>) => raw.channel.send(new Uint8Array(0))],
  [
    'bytes that are no message',
    (raw: Awaited<ReturnType<typeof rawClient>>) => raw.channel.send(encodeMessage(Uint8Array.of(0xc1))),
  ],
])('[N1] %s closes the channel, and the shard goes on', async (_, send) => {
  const sim = await running();
  const other = await sim.join(arena, { userId: 'ann' }, plaza);
  const raw = await rawClient(sim);
  send(raw);
  await sim.env.clock.advance(100);
  expect(isFault(raw.closedWith(), 'bad_message')).toBe(true);
  const { tick } = other.handle.clock;
  await sim.env.clock.advance(500);
  expect(other.handle.clock.tick).toBeGreaterThan(tick + 8);
});

test('messages arrive at the next tick; what does not fit is rejected', async () => {
  const sim = await running();
  const ann = await sim.join(arena, { userId: 'ann' }, plaza);
  const bob = await sim.join(arena, { userId: 'bob' }, plaza);
  const heard: unknown[] = [];
  bob.handle.onEvent('said', (event) => heard.push(event));
  expect(ann.handle.message({ say: 'hello' })).toBe(true);
  await sim.env.clock.advance(150);
  expect(heard).toEqual([{ by: ann.handle.me!.id, text: 'hello' }]);
  const rejects: Reject[] = [];
  ann.handle.onReject((reject, tick) => tick === 0 && rejects.push(reject));
  ann.handle.message({ shout: 'hello' } as never);
  await sim.env.clock.advance(150);
  expect(rejects).toEqual(['invalid']);
  ann.client.cut();
  expect(ann.handle.message({ say: 'anybody' })).toBe(false);
});

test('[N3] a message has at most so many bytes, on both sides', async () => {
  const sim = await running();
  const { handle } = await sim.join(arena, { userId: 'ann' }, plaza);
  const text = 'x'.repeat(arena.limits.messageBytes);
  expect(() => handle.message({ say: text })).toThrow(
    expect.toSatisfy((error) => isFault(error, 'too_large')),
  );
  const raw = await rawClient(sim);
  raw.channel.send(encodeMessage(new Uint8Array(arena.limits.messageBytes + 1)));
  await sim.env.clock.advance(100);
  expect(raw.rejects).toEqual([['too_large', 0]]);
  expect(raw.closedWith()).toBeUndefined();
});

test('[N3] so many messages in a second', async () => {
  const sim = await running();
  const { handle } = await sim.join(arena, { userId: 'ann' }, plaza);
  const heard: string[] = [];
  handle.onEvent('said', (event) => heard.push(event.text));
  const rejects: unknown[] = [];
  handle.onReject((reject, tick) => rejects.push([reject, tick]));
  for (let i = 0; i <= arena.limits.messagesPerSecond; i++) handle.message({ say: `${i}` });
  await sim.env.clock.advance(200);
  expect(heard.length).toBe(arena.limits.messagesPerSecond);
  expect(rejects).toEqual([['rate_limited', 0]]);
});

test('[N3] so many players, and the next one waits for a place', async () => {
  const sim = await running({ graceMs: 1000 });
  const handles = [];
  for (let i = 0; i < arena.limits.players; i++)
    handles.push((await sim.join(arena, { userId: `u${i}` }, plaza)).handle);
  const late = joinShard(sim.client({ userId: 'late' }), arena, plaza);
  await sim.env.clock.until(() => late.state.name === 'waiting');
  expect(late.state).toMatchObject({ name: 'waiting', fault: { code: 'overloaded' }, attempt: 0 });
  handles[0]!.leave();
  await sim.env.clock.until(() => late.state.name === 'playing');
});

test('[N3] so many entities: the join that would make one more is refused', async () => {
  const sim = await running();
  const { world } = sim.directory.find(arena, 'plaza')!;
  while (world.entities.length < arena.limits.entities) world.spawn();
  const late = joinShard(sim.client({ userId: 'late' }), arena, plaza);
  await sim.env.clock.advance(100);
  expect(late.state).toMatchObject({ name: 'waiting', fault: { code: 'overloaded' } });
  expect(sim.directory.find(arena, 'plaza')!.running).toBe(true);
  world.despawn(1);
  await sim.env.clock.until(() => late.state.name === 'playing');
});

test('[N3] so many shards', async () => {
  const sim = await running({ maxShards: 2, createOnJoin: true });
  sim.directory.create(arena, { bots: 0 }, 'second');
  expect(() => sim.directory.create(arena, { bots: 0 })).toThrow(
    expect.toSatisfy((error) => isFault(error, 'overloaded')),
  );
  const handle = joinShard(sim.client({ userId: 'ann' }), arena, { id: 'third', params: { bots: 0 } });
  await sim.env.clock.advance(100);
  expect(handle.state).toMatchObject({ name: 'waiting', fault: { code: 'overloaded' } });
});

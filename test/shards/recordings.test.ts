/** Recordings compute again to the same states, and say where they do not. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { type AnyShardDef, c, defineShard, s } from '../../shards/core/index.ts';
import { replayRecording } from '../../shards/server/index.ts';
import { isFault } from '../../src/base/fault.ts';
import { arena } from './arena.ts';
import { SimLasting } from './sim-lasting.ts';

const folder = mkdtempSync(join(tmpdir(), 'ternion-recordings-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const replay = (path: string, def: AnyShardDef) => replayRecording(path, new Map([[def.name, def]]));

/** A world in which much depends on what is in no column: chance, messages, who is there, what a player saw. */
const range = defineShard({
  name: 'range',
  tickRate: 20,
  components: {
    position: c.vec3({ min: -512, max: 512, step: 0.01 }),
    seen: c.scalar({ min: -512, max: 512, step: 0.01 }),
    said: c.string(),
    target: c.bool(),
    fired: c.bool(),
  },
  input: c.struct({ move: c.vec2({ min: -1, max: 1, step: 0.02 }), fire: c.bool() }),
  params: s.object({}),
  messages: s.object({ say: s.string(20), loud: s.optional(s.bool()) }),
  rewind: { components: ['position'], ms: 500 },
  authorize: () => true,
  start: (world) => void world.spawn({ target: true }),
  join: (world, player) =>
    world.spawn({
      said: `${player.name} ${player.roles.join()}`,
      position: { x: world.random.next(), y: 0, z: 0 },
    }),
  receive(world, player, { say, loud }) {
    world.get(player.entityId)!.said = loud ? say.toUpperCase() : say;
  },
  answer(world, question) {
    world.spawn({ said: JSON.stringify(question) });
    return null;
  },
  step(world, entity, { move, fire }, dt) {
    entity.position.x += move.x * dt * 5 + world.random.next() / 10;
    entity.position.z += move.y * dt * 5;
    entity.fired = fire;
  },
  tick(world, dt) {
    world.get(1)!.position.x += (2 + world.random.next()) * dt;
    for (const entity of world.entities)
      if (entity.fired) entity.seen = world.rewind(entity.id).positionAt(1)?.x ?? -1;
  },
});

const start = [{ shard: 'range', id: 'one' }];

/** Two players come, play, speak and go for `ms`. */
async function play(sim: SimLasting, ms: number): Promise<void> {
  const id = { id: 'one' };
  const ann = await sim.join(range, { userId: 'ann', latencyMs: 40, jitterMs: 15 }, id);
  const bob = await sim.join(range, { userId: 'bob' }, id);
  for (let i = 0; i < ms / 43; i++) {
    ann.handle.send({ move: { x: Math.sin(i / 9), y: 1 }, fire: i % 3 === 0 });
    if (i % 20 === 3) ann.handle.message({ say: `hello ${i}`, ...(i % 40 === 3 && { loud: true }) });
    if (i % 7 === 0) bob.handle.send({ move: { x: i % 2, y: 0 }, fire: i % 14 === 0 });
    if (i === 30) ann.client.become({ roles: ['vip'] });
    if (i === 50) bob.handle.leave();
    if (i === 60) await sim.env.clock.run(sim.directory.find(range, 'one')!.ask({ deep: [i] }));
    if (i === 70) await sim.join(range, { userId: 'eve', latencyMs: 70 }, id);
    if (i === 80) ann.client.cut();
    if (i === 90) for (const each of [ann]) each.client.connect(sim.channels);
    await sim.env.clock.advance(43);
  }
}

test('[T1] live against replayed: every hash and every state of a recording is computed again', async () => {
  const sim = new SimLasting();
  await sim.start({ range }, { start, graceMs: 2000 });
  const path = join(folder, 'live.recording');
  const options = { path, keyMs: 1000, hashTicks: 1 };
  const recording = await sim.files(sim.directory.record(range, 'one', options));
  await play(sim, 8000);
  const { tick } = sim.directory.find(range, 'one')!.world;
  await sim.files(recording.stop());
  expect(recording).toMatchObject({ state: 'stopped', bytes: statSync(path).size });
  const report = await replay(path, range);
  expect(report).toMatchObject({ shard: 'range', id: 'one', gaps: 0, cut: false, divergence: undefined });
  expect(report.lastTick).toBe(tick);
  expect(report.hashes).toBe(tick - report.firstTick);
  expect(report.states).toBeGreaterThan(6);
  expect(sim.gauge('recordings')).toBe(0);
});

test('[T1] [T7] a recording may begin in the middle, and again after a restart', async () => {
  const sim = new SimLasting();
  const checkpoint = { everyMs: 1700, inputLog: true };
  await sim.start({ range }, { start, graceMs: 2000, checkpoint });
  await play(sim, 2500);
  const first = join(folder, 'first.recording');
  await sim.files(sim.directory.record(range, 'one', { path: first, hashTicks: 1 }));
  await play(sim, 3700);
  const { tick } = sim.directory.find(range, 'one')!.world;
  const hash = sim.directory.find(range, 'one')!.world.hash();
  // The file is written beside the simulated time.
  await expect.poll(async () => (await replay(first, range)).lastTick).toBe(tick);
  await sim.kill();
  expect(await replay(first, range)).toMatchObject({ lastTick: tick, divergence: undefined });
  await sim.start({ range }, { start, graceMs: 2000, checkpoint });
  expect(sim.directory.find(range, 'one')!.world.hash()).toBe(hash);
  expect(sim.logs('shard.log_diverged')).toEqual([]);
  const second = join(folder, 'second.recording');
  const recording = await sim.files(sim.directory.record(range, 'one', { path: second, hashTicks: 1 }));
  await play(sim, 2000);
  await sim.files(recording.stop());
  const report = await replay(second, range);
  expect(report.divergence).toBeUndefined();
  expect(report.firstTick).toBeGreaterThanOrEqual(tick);
  expect(report.hashes).toBeGreaterThan(30);
});

test('[T1] another program, and what server code did, is found: where, and what differs', async () => {
  const sim = new SimLasting();
  await sim.start({ range }, { start });
  const path = join(folder, 'differs.recording');
  const options = { path, keyMs: 2000, hashTicks: 1 };
  const recording = await sim.files(sim.directory.record(range, 'one', options));
  await play(sim, 3000);
  const { world } = sim.directory.find(range, 'one')!;
  const at = world.tick;
  world.get(1)!.position.y = 7;
  await sim.env.clock.advance(3000);
  await sim.files(recording.stop());
  expect(await replay(path, range)).toMatchObject({
    divergence: { tick: at + 1, reason: 'the hash differs' },
    verifiedTick: at,
    differences: [expect.stringContaining('entity 1: position was')],
  });
  const odd = at - 10;
  const other = {
    ...range,
    tick: (...[world, dt]: Parameters<NonNullable<typeof range.tick>>) => {
      range.tick?.(world, world.tick === odd ? dt * 2 : dt);
    },
  };
  expect((await replay(path, other)).divergence).toEqual({ tick: odd, reason: 'the hash differs' });
  const renamed = { ...range, hash: 'other' };
  await expect(replay(path, renamed)).rejects.toSatisfy((error) => isFault(error, 'unsupported'));
  await expect(replay(path, arena as AnyShardDef)).rejects.toSatisfy((error) => isFault(error, 'not_found'));
});

test('[N3] a recording ends when it is full', async () => {
  const sim = new SimLasting();
  await sim.start({ range }, { start });
  const path = join(folder, 'full.recording');
  const recording = await sim.files(sim.directory.record(range, 'one', { path, maxBytes: 3000 }));
  await play(sim, 20_000);
  expect(recording.state).toBe('full');
  await sim.files(recording.stop());
  expect(statSync(path).size).toBeLessThanOrEqual(3000);
  expect(statSync(path).size).toBeGreaterThan(2900);
  expect(await replay(path, range)).toMatchObject({ cut: false, divergence: undefined });
});

test('what is no recording, or only a part of one, is said', async () => {
  const whole = readFileSync(join(folder, 'live.recording'));
  const path = join(folder, 'broken.recording');
  const given = async (bytes: Uint8Array) => {
    writeFileSync(path, bytes);
    return replay(path, range);
  };
  for (const length of [whole.length - 1, whole.length - 40, whole.length >> 1]) {
    const report = await given(whole.subarray(0, length));
    expect(report).toMatchObject({ divergence: undefined });
  }
  expect((await given(whole.subarray(0, whole.length - 1))).cut).toBe(true);
  await expect(given(whole.subarray(0, 9))).rejects.toSatisfy((error) => isFault(error, 'invalid'));
  await expect(given(new Uint8Array(50))).rejects.toSatisfy((error) => isFault(error, 'invalid'));
  const newer = Uint8Array.from(whole);
  newer[8] = 99;
  await expect(given(newer)).rejects.toSatisfy((error) => isFault(error, 'unsupported'));
  const odd = Uint8Array.from(whole);
  odd[9] = 7;
  await expect(given(odd)).rejects.toSatisfy((error) => isFault(error, 'bad_message'));
  await expect(replay(join(folder, 'none'), range)).rejects.toSatisfy((error) => isFault(error, 'not_found'));
});

test('[N3] with the option `record` all shards are, a full one anew, and the oldest files go', async () => {
  const sim = new SimLasting();
  const inside = join(folder, 'all');
  await sim.start(
    { range, arena },
    { start, record: { folder: inside, shards: ['range'], maxBytes: 1500, files: 3 } },
  );
  sim.directory.create(arena, { bots: 1 }, 'not');
  for (let i = 0; i < 30; i++) {
    await sim.env.clock.advance(2000);
    await new Promise((resolve) => setTimeout(resolve, 10)); // files are real, time is not
  }
  await sim.end();
  const files = readdirSync(inside);
  expect(files.length).toBe(3);
  for (const file of files) {
    expect(file).toMatch(/^range-one-2026-01-01T00-/);
    expect(await replay(join(inside, file), range)).toMatchObject({ divergence: undefined, cut: false });
  }
});

test('[N3] a shard whose state is larger than a whole recording fails to be recorded once, not again and again', async () => {
  const sim = new SimLasting();
  await sim.start({ range }, { start, record: { folder: join(folder, 'small'), maxBytes: 60 } });
  for (let i = 0; i < 10; i++) {
    await sim.env.clock.advance(500);
    await new Promise((resolve) => setTimeout(resolve, 10)); // files are real, time is not
  }
  expect(sim.logs('shard.recording_failed')).toMatchObject([{ id: 'one', error: { code: 'too_large' } }]);
  expect(readdirSync(join(folder, 'small'))).toHaveLength(1);
  await sim.end();
});

test('settings of recordings are checked', async () => {
  const sim = new SimLasting();
  for (const wrong of [{ maxBytes: 0 }, { keyMs: 0 }, { hashTicks: -1 }, { files: 0 }, { shards: ['none'] }])
    await expect(sim.start({ range }, { record: { folder, ...wrong } })).rejects.toThrow();
  await sim.start({ range }, { start });
  const missing = sim.directory.record(range, 'two', { path: join(folder, 'x') });
  await expect(missing).rejects.toSatisfy((error) => isFault(error, 'not_found'));
});

/** Shards outlive their process: checkpoints, the input log, what changes meanwhile. */
import { expect, test } from 'vitest';
import { c, defineShard, s } from '../../shards/core/index.ts';
import { isFault } from '../../src/base/fault.ts';
import { arena } from './arena.ts';
import { SimLasting } from './sim-lasting.ts';

const start = [{ shard: 'arena', id: 'plaza', params: { bots: 5 } }];
const plaza = { id: 'plaza' };
const options = { start, graceMs: 5000, checkpoint: { everyMs: 2000 } };

test('[T7] a killed server comes back with its shards, and players get their seats within the grace time', async () => {
  const sim = new SimLasting();
  await sim.start({ arena }, options);
  const { handle } = await sim.join(arena, { userId: 'ann' }, plaza);
  const world = () => sim.directory.find(arena, 'plaza')!.world;
  handle.send({ move: { x: 0, y: 1 } });
  await sim.env.clock.advance(3000);
  world().get(handle.me!.id)!.health = 42;
  await sim.env.clock.advance(2500);
  const { id } = handle.me!;
  const { tick } = world();
  await sim.kill();
  await sim.env.clock.advance(1000);
  await sim.start({ arena }, options);
  expect(world().tick).toBeGreaterThan(tick - 2.1 * arena.tickRate);
  expect(world().tick).toBeLessThanOrEqual(tick + 1);
  expect(sim.directory.find(arena, 'plaza')!.players.map(({ userId }) => userId)).toEqual(['ann']);
  await sim.env.clock.until(() => handle.state.name === 'playing', 3000);
  expect(handle.me!.id).toBe(id);
  expect(world().get(id)!.health).toBe(42);
  // He walks on.
  const { x } = world().get(id)!.position;
  await sim.env.clock.advance(1000);
  expect(world().get(id)!.position.x).toBeGreaterThan(x + 3);
  expect(world().entities.length).toBe(6);
  await sim.env.clock.advance(6000);
  expect(sim.directory.find(arena, 'plaza')!.players.length).toBe(1);
  sim.database.remove();
});

test('[T7] who does not come back within the grace time after a restart has lost his seat', async () => {
  const sim = new SimLasting();
  await sim.start({ arena }, options);
  const { client } = await sim.join(arena, { userId: 'ann' }, plaza);
  await sim.env.clock.advance(3000);
  await sim.kill();
  await sim.env.clock.advance(60_000);
  await sim.start({ arena }, options);
  client.cut();
  await sim.env.clock.advance(4990);
  const world = () => sim.directory.find(arena, 'plaza')!.world;
  expect(world().entities.length).toBe(6);
  await sim.env.clock.advance(20);
  expect(world().entities.length).toBe(5);
  sim.database.remove();
});

test('[T7] with the input log nothing of the world is lost', async () => {
  const sim = new SimLasting();
  const logged = { ...options, checkpoint: { everyMs: 4000, inputLog: true } };
  await sim.start({ arena }, logged);
  const ann = await sim.join(arena, { userId: 'ann' }, plaza);
  const bob = await sim.join(arena, { userId: 'bob', jitterMs: 10 }, plaza);
  const shard = () => sim.directory.find(arena, 'plaza')!;
  for (let i = 0; i < 137; i++) {
    ann.handle.send({ move: { x: Math.sin(i), y: 1 }, yaw: i / 7, fire: i % 2 === 0 });
    bob.handle.send({ move: { x: 0, y: -1 }, yaw: -i / 9 });
    if (i % 30 === 0) bob.handle.message({ say: `n${i}` });
    if (i === 100) bob.handle.leave();
    if (i === 110) await sim.join(arena, { userId: 'eve' }, plaza);
    await sim.env.clock.advance(41);
  }
  const { tick } = shard().world;
  const hash = shard().world.hash();
  await sim.kill();
  await sim.start({ arena }, logged);
  expect(sim.logs('shard.log_diverged')).toEqual([]);
  expect(shard().world.tick).toBe(tick);
  expect(shard().world.hash()).toBe(hash);
  expect(shard().players.map(({ userId }) => userId)).toEqual(['ann', 'eve']);
  // And again, from the first checkpoint of the new process or from the log before it.
  await sim.env.clock.advance(1230);
  const second = [shard().world.tick, shard().world.hash()];
  await sim.kill();
  await sim.start({ arena }, logged);
  expect([shard().world.tick, shard().world.hash()]).toEqual(second);
  expect(sim.logs('shard.log_diverged')).toEqual([]);
  sim.database.remove();
});

test('[T7] what server code did behind the log costs at most what a checkpoint would', async () => {
  const sim = new SimLasting();
  const logged = { ...options, checkpoint: { everyMs: 10_000, inputLog: true } };
  await sim.start({ arena }, logged);
  await sim.join(arena, { userId: 'ann' }, plaza);
  await sim.env.clock.advance(3500);
  const shard = () => sim.directory.find(arena, 'plaza')!;
  shard().world.spawn({ name: 'boss' });
  await sim.env.clock.advance(2000);
  await sim.kill();
  await sim.start({ arena }, logged);
  expect(sim.logs('shard.log_diverged')).toMatchObject([{ id: 'plaza', reason: 'the hash differs' }]);
  expect(shard().world.tick).toBe(60);
  // A checkpoint makes it last.
  shard().world.spawn({ name: 'boss' });
  await sim.env.clock.run(sim.directory.checkpoint(arena, 'plaza'));
  await sim.env.clock.advance(2000);
  const { tick } = shard().world;
  await sim.kill();
  await sim.start({ arena }, logged);
  expect(shard().world.tick).toBe(tick);
  expect(shard().world.entities.map(({ name }) => name)).toContain('boss');
  sim.database.remove();
});

test('[N2] [T7] a server that ends in order leaves all its shards to the next', async () => {
  const sim = new SimLasting();
  await sim.start({ arena }, { ...options, checkpoint: { everyMs: 600_000 } });
  const made = sim.directory.create(arena, { bots: 3 }, 'match');
  const { handle } = await sim.join(arena, { userId: 'ann' }, { id: 'match' });
  handle.send({ move: { x: 0, y: 1 } });
  await sim.env.clock.advance(5000);
  const { tick } = made.world;
  const { x } = made.world.get(handle.me!.id)!.position;
  await sim.end();
  await sim.start({ arena }, { ...options, checkpoint: { everyMs: 600_000 } });
  const match = sim.directory.find(arena, 'match')!;
  expect(match.world.entities.length).toBe(4);
  expect(match.world.tick).toBeGreaterThanOrEqual(tick);
  await sim.env.clock.until(() => handle.state.name === 'playing', 3000);
  expect(match.world.get(handle.me!.id)!.position.x).toBeGreaterThanOrEqual(x);
  sim.database.remove();
});

test('[T7] a shard that has ended is not restored', async () => {
  const sim = new SimLasting();
  await sim.start({ arena }, { ...options, idleMs: 1000 });
  sim.directory.create(arena, { bots: 1 }, 'stopped');
  sim.directory.create(arena, { bots: 1 }, 'idle');
  await sim.env.clock.advance(900);
  sim.directory.stop(arena, 'stopped');
  await sim.env.clock.advance(500);
  await sim.kill();
  await sim.start({ arena }, options);
  expect(sim.directory.list().map(({ id }) => id)).toEqual(['plaza']);
  const rows = await sim.env.clock.run(
    sim.store.read((db) => db.all('SELECT DISTINCT id FROM _shard_parts')),
  );
  expect(rows).toEqual([{ id: 'plaza' }]);
  sim.database.remove();
});

const table = defineShard({
  name: 'table',
  tickRate: 0,
  components: { pile: c.uint({ max: 1000 }), seconds: c.scalar({ min: 0, max: 100_000, step: 0.001 }) },
  input: c.struct({ draw: c.uint({ max: 5 }) }),
  params: s.object({}),
  authorize: () => true,
  step(world, entity, { draw }, dt) {
    entity.pile += draw + world.random.int(3);
    entity.seconds += dt;
  },
  answer(world) {
    for (const entity of world.entities) entity.pile += 100;
    return world.entities.length;
  },
});

test('[T7] event-driven shards are restored, with what was drawn and asked', async () => {
  const sim = new SimLasting();
  const all = { start: [{ shard: 'table', id: 't' }], checkpoint: { everyMs: 3000, inputLog: true } };
  await sim.start({ table }, all);
  const { handle } = await sim.join(table, { userId: 'ann' }, { id: 't' });
  for (let i = 0; i < 20; i++) {
    handle.send({ draw: i % 4 });
    await sim.env.clock.advance(371);
  }
  const shard = () => sim.directory.find(table, 't')!;
  await sim.env.clock.run(shard().ask(null));
  await sim.env.clock.advance(100);
  const { hash, tick } = { hash: shard().world.hash(), tick: shard().world.tick };
  await sim.kill();
  await sim.start({ table }, all);
  expect([shard().world.tick, shard().world.hash()]).toEqual([tick, hash]);
  const written = sim.gauge('checkpoints');
  await sim.env.clock.until(() => handle.state.name === 'playing', 3000);
  expect(handle.send({ draw: 1 })).toBe(true);
  await sim.env.clock.advance(1000);
  expect(handle.me!.pile).toBeGreaterThan(100);
  // At rest there is nothing new to write.
  await sim.env.clock.advance(10_000);
  expect(sim.gauge('checkpoints') - written).toBeLessThanOrEqual(3);
  sim.database.remove();
});

const { shield: _, name, ...fewer } = arena.entityType.fields;
const arenaOf = (components: object) =>
  defineShard({
    ...arena,
    components: { ...components } as typeof arena.entityType.fields,
    start() {},
    migrate(world) {
      for (const entity of world.entities) entity.health = 77;
    },
  });

test('[T7] a definition with a place for all takes the world over, component by component', async () => {
  const sim = new SimLasting();
  await sim.start({ arena }, options);
  await sim.env.clock.advance(2500);
  const names = sim.directory.find(arena, 'plaza')!.world.entities.map((entity) => entity.name);
  await sim.kill();
  const grown = arenaOf({ coins: c.uint({ max: 9 }), ...arena.entityType.fields });
  await sim.start({ arena: grown }, options);
  const { entities, tick } = sim.directory.find(grown, 'plaza')!.world;
  expect(tick).toBeGreaterThan(0);
  expect(entities.map((entity) => entity.name)).toEqual(names);
  expect(entities.map((entity) => entity.health)).toEqual([77, 77, 77, 77, 77]);
  expect(sim.logs('shard.migrated')).toMatchObject([{ id: 'plaza', lost: undefined }]);
  sim.database.remove();
});

test('[T7] a definition that has lost a component is asked about: refuse, migrate, anew', async () => {
  const sim = new SimLasting();
  await sim.start({ arena }, options);
  await sim.env.clock.advance(2500);
  await sim.kill();
  const less = arenaOf({ ...fewer, name });
  await expect(sim.start({ arena: less }, options)).rejects.toSatisfy(
    (error) =>
      isFault(error, 'conflict') && error.message.includes('arena/plaza') && error.message.includes('shield'),
  );
  await sim.kill();
  await sim.start({ arena: less }, { ...options, checkpoint: { everyMs: 2000, changed: 'migrate' } });
  expect(sim.directory.find(less, 'plaza')!.world.entities.length).toBe(5);
  await sim.kill();
  const start = options.start.map((pin) => ({ ...pin, params: { bots: 2 } }));
  await sim.start({ arena }, { ...options, start, checkpoint: { everyMs: 2000, changed: 'anew' } });
  // It had a place for all that was left.
  expect(sim.directory.find(arena, 'plaza')!.world.entities.length).toBe(5);
  await sim.env.clock.advance(100);
  await sim.kill();
  await sim.start({ arena: less }, { ...options, start, checkpoint: { everyMs: 2000, changed: 'anew' } });
  expect(sim.directory.find(less, 'plaza')!.world.entities.length).toBe(0);
  expect(sim.logs('shard.not_restored')).toMatchObject([{ id: 'plaza' }]);
  sim.database.remove();
});

test('[T3] [T7] when a thread dies its shards go on in another one, unless they end that one, too', async () => {
  const sim = new SimLasting();
  const threads = { threads: 1, checkpoint: { everyMs: 5000, inputLog: true } };
  await sim.start({ arena }, { ...options, ...threads });
  const { handle } = await sim.join(arena, { userId: 'ann' }, plaza);
  handle.send({ move: { x: 0, y: 1 } });
  await sim.env.clock.advance(3000);
  const { id } = handle.me!;
  const shard = () => sim.directory.find(arena, 'plaza');
  const { tick } = shard()!.world;
  const { x } = shard()!.world.get(id)!.position;
  sim.threads.begun[0]!.die();
  expect(() => sim.directory.create(arena, { bots: 1 }, 'plaza')).toThrow(/on its way/);
  await sim.env.clock.advance(100);
  expect(handle.state).toMatchObject({ name: 'waiting', fault: { code: 'unavailable' } });
  await sim.env.clock.until(() => handle.state.name === 'playing' && handle.me?.id === id, 5000);
  expect(shard()!.world.tick).toBeGreaterThanOrEqual(tick);
  expect(shard()!.world.get(id)!.position.x).toBeGreaterThanOrEqual(x);
  expect(sim.logs('shard.restored')).toMatchObject([{ id: 'plaza' }]);
  await sim.env.clock.advance(10_000);
  sim.threads.begun[1]!.die();
  await sim.env.clock.advance(100);
  await sim.env.clock.until(() => handle.state.name === 'playing', 10_000);
  expect(shard()!.world.tick).toBeLessThan(tick); // it is pinned, and has begun anew
  expect(sim.logs('shard.restored').length).toBe(1);
  sim.database.remove();
});

test('[T3] [T7] regression: a shard that cannot be gone on with leaves its place free, and nothing behind', async () => {
  const sim = new SimLasting();
  await sim.start({ arena }, options);
  await sim.join(arena, { userId: 'ann' }, plaza);
  await sim.env.clock.advance(2500);
  await sim.kill();
  const migrate = () => {
    throw new Error('no');
  };
  const broken = defineShard({
    ...arenaOf({ coins: c.uint({ max: 9 }), ...arena.entityType.fields }),
    migrate,
  });
  await sim.start({ arena: broken }, { ...options, start: [], createOnJoin: true });
  await sim.env.clock.advance(100);
  expect(sim.directory.list()).toEqual([]);
  expect(sim.gauge('running')).toBe(0);
  const ticks = sim.gauge('ticks');
  await sim.env.clock.advance(1000);
  expect(sim.gauge('ticks')).toBe(ticks);
  const { handle } = await sim.join(broken, { userId: 'bob' }, { ...plaza, params: { bots: 0 } });
  expect(handle.state.name).toBe('playing');
  sim.database.remove();
});

test('[T3] while the disk is full shards tick on, and it is said; the next checkpoint works', async () => {
  const sim = new SimLasting();
  await sim.start({ arena }, { ...options, checkpoint: { everyMs: 1000, inputLog: true } });
  sim.process.diskFull = true;
  await sim.env.clock.advance(5000.5);
  const { world } = sim.directory.find(arena, 'plaza')!;
  expect(world.tick).toBe(100);
  expect(sim.gauge('checkpoints_failed')).toBeGreaterThanOrEqual(4);
  expect(sim.gauge('input_log_dropped')).toBeGreaterThan(0);
  expect(sim.logs('shard.checkpoint_failed').length).toBe(sim.gauge('checkpoints_failed'));
  sim.process.diskFull = false;
  await sim.env.clock.advance(2500);
  const { tick } = world;
  await sim.kill();
  await sim.start({ arena }, options);
  expect(sim.directory.find(arena, 'plaza')!.world.tick).toBe(tick);
  sim.database.remove();
});

test('[N3] above inputLogBytes batches are dropped, and the next checkpoint closes the gap', async () => {
  const sim = new SimLasting();
  await sim.start(
    { arena },
    { ...options, checkpoint: { everyMs: 60_000, inputLog: true, inputLogBytes: 40 } },
  );
  await sim.env.clock.advance(10_000);
  expect(sim.gauge('checkpoints')).toBeGreaterThan(3); // the log is full: they come early
  const { tick } = sim.directory.find(arena, 'plaza')!.world;
  await sim.kill();
  await sim.start({ arena }, options);
  expect(sim.directory.find(arena, 'plaza')!.world.tick).toBeGreaterThan(tick - 25);
  sim.database.remove();
});

test('only the shards that are named are kept, and settings are checked', async () => {
  const sim = new SimLasting();
  await sim.start({ arena, table }, { checkpoint: { shards: ['table'] } });
  sim.directory.create(arena, { bots: 1 }, 'a');
  sim.directory.create(table, {}, 't');
  await sim.env.clock.advance(2000);
  const { directory } = sim;
  await expect(directory.checkpoint(arena, 'a')).rejects.toSatisfy((error) => isFault(error, 'invalid'));
  await expect(directory.checkpoint(arena, 'b')).rejects.toSatisfy((error) => isFault(error, 'not_found'));
  await sim.kill();
  await sim.start({ arena, table }, { checkpoint: { shards: ['table'] } });
  expect(sim.directory.list().map(({ id }) => id)).toEqual(['t']);
  await sim.kill();
  for (const wrong of [{ everyMs: 0 }, { inputLogBytes: 0 }, { inputLogMs: -1 }, { shards: ['nothing'] }])
    await expect(sim.start({ arena }, { checkpoint: wrong })).rejects.toThrow(
      Object.keys(wrong)[0]!.slice(0, 4),
    );
  sim.database.remove();
});

const rowsOf = (sim: SimLasting, id: string) =>
  sim.env.clock.run(
    sim.store.read((db) => db.all('SELECT batch FROM _shard_log WHERE id = ? ORDER BY batch', [id])),
  );
const write = (sim: SimLasting, sql: string) => sim.env.clock.run(sim.store.write(({ tx }) => tx.run(sql)));
const logging = { ...options, checkpoint: { everyMs: 60_000, inputLog: true, inputLogMs: 200 } };

test('[T7] what waits to be logged of a shard that has ended is gone with it, while others log on', async () => {
  const sim = new SimLasting();
  await sim.start({ arena }, logging);
  sim.directory.create(arena, { bots: 1 }, 'ends');
  await sim.env.clock.advance(1500);
  expect(await rowsOf(sim, 'ends')).not.toEqual([]);
  sim.directory.stop(arena, 'ends');
  await sim.env.clock.advance(1000);
  expect(await rowsOf(sim, 'ends')).toEqual([]);
  await sim.env.clock.run(sim.directory.checkpoint(arena, 'plaza'), 2000);
  sim.database.remove();
});

test('[T7] a log without a checkpoint, and what is behind a gap, is nobody else to go on with', async () => {
  const sim = new SimLasting();
  await sim.start({ arena }, logging);
  await sim.env.clock.advance(3000);
  const last = Number((await rowsOf(sim, 'plaza')).at(-1)!.batch);
  for (const [id, batch] of [
    ['new', 3],
    ['plaza', last + 200],
  ])
    await write(sim, `INSERT INTO _shard_log VALUES ('arena', '${id}', ${batch}, x'06')`);
  await sim.kill();
  await sim.start({ arena }, logging);
  expect(await rowsOf(sim, 'new')).toEqual([]);
  expect((await rowsOf(sim, 'plaza')).filter(({ batch }) => Number(batch) > last + 100)).toEqual([]);
  sim.database.remove();
});

test('[T7] a log that cannot be read costs what is behind its last good hash, not the start', async () => {
  const sim = new SimLasting();
  await sim.start({ arena }, logging);
  await sim.env.clock.advance(3000);
  const last = Number((await rowsOf(sim, 'plaza')).at(-1)!.batch);
  await write(sim, `UPDATE _shard_log SET bytes = x'ff' WHERE id = 'plaza' AND batch = ${last - 5}`);
  await sim.kill();
  await sim.start({ arena }, logging);
  expect(sim.logs('shard.log_diverged')).toMatchObject([
    { id: 'plaza', reason: expect.stringContaining('no known kind') },
  ]);
  expect(sim.directory.find(arena, 'plaza')!.world.tick).toBeGreaterThanOrEqual(arena.tickRate);
  sim.database.remove();
});

test('[T7] a shard whose `migrate` throws does not run, and another one of its name may', async () => {
  const sim = new SimLasting();
  await sim.start({ table }, { checkpoint: { everyMs: 1000 } });
  sim.directory.create(table, {}, 't');
  await sim.env.clock.advance(1500);
  await sim.kill();
  const migrate = () => {
    throw new Error('no');
  };
  const components = { ...table.entityType.fields, more: c.bool() } as typeof table.entityType.fields;
  const next = defineShard({ ...table, components, migrate });
  await sim.start({ table: next }, { checkpoint: { everyMs: 1000 } });
  await sim.env.clock.advance(100);
  expect(sim.logs('shard.failed')).toMatchObject([{ id: 't' }]);
  expect(sim.directory.find(next, 't')).toBeUndefined();
  expect(sim.directory.create(next, {}, 't').running).toBe(true);
  sim.database.remove();
});

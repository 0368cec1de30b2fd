import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Reader } from '../../src/base/bytes.ts';
import { contentOf } from '../../src/base/parcel.ts';
import type { Channel } from '../../src/plugin/channel.ts';
import { simEnv } from '../../src/testing/sim-env.ts';
import { CellReplica } from '../core/cell-replica.ts';
import { c } from '../core/components.ts';
import { defineShard } from '../core/define-shard.ts';
import { everyone, grid, type Interest, visibleTo } from '../core/interest.ts';
import type { World } from '../core/world.ts';
import { Shard } from './shard.ts';

const components = {
  at: c.vec2({ min: 0, max: 100, step: 0.5 }),
  n: c.uint({ max: 1000 }),
  name: c.string({ maxBytes: 20 }),
  team: c.optional(c.uint({ max: 9 })),
  secret: c.string({ maxBytes: 20 }).visibleTo('owner'),
  plan: c.string({ maxBytes: 20 }).visibleTo('team'),
};
const PATIENT = { coarserAfterMs: 1e6, nearerAfterMs: 1e6, ackWindowMs: 1e6, closeAfterMs: 1e6, calmMs: 0 };
const NEAR = grid({ by: 'at', cell: 10, radius: 10 });

function defOf(interest: Interest<typeof components>, bytesPerSecond = 0) {
  return defineShard({
    name: 'x',
    tickRate: 10,
    components,
    input: c.struct({}),
    interest,
    limits: { bytesPerSecond },
    authorize: () => true,
    step: () => {},
  });
}

/** A shard whose players take every frame at once. */
function newShard(
  interest: Interest<typeof components>,
  options: { bytesPerSecond?: number; ladder?: object } = {},
) {
  const nothing = () => {};
  const env = simEnv();
  const def = defOf(interest, options.bytesPerSecond);
  const events = { wake: nothing, came: nothing, went: nothing, stopped: nothing };
  const ladder = { ...PATIENT, ...options.ladder };
  const shard = new Shard(env, { def, events }, { id: 'one', params: {}, seed: 's', graceMs: 0, ladder });
  shard.start();
  const world = shard.world as unknown as World<typeof components>;
  const player = (userId: string, at: { x: number; y: number }) => {
    const frames: Uint8Array[] = [];
    const closed: string[] = [];
    /** While it is stuck, his socket takes nothing. */
    const socket = { stuck: false };
    let putTag = -1;
    let sentTag = -1;
    const channel: Channel = {
      session: {
        id: userId,
        clientId: userId,
        viewer: { userId, kind: 'user', roles: [], name: userId },
        onViewer: () => () => {},
      },
      send: () => true,
      latest: {
        put: (frame, tag) => {
          frames.push(contentOf(frame));
          putTag = tag;
        },
        get sentTag() {
          if (!socket.stuck) sentTag = putTag;
          return sentTag;
        },
      },
      close: (fault) => {
        closed.push(fault.code);
        shard.vacate(seat);
      },
    };
    const seat = shard.seat(channel);
    const entity = world.get(seat.entityId)!;
    Object.assign(entity, { at, name: userId });
    shard.play(seat);
    const replica = new CellReplica<typeof components>(def.layouts, { maxEntities: 100, everyTicks: 1 });
    const read = () => {
      for (const frame of frames.splice(0)) replica.apply(new Reader(frame.subarray(1)));
      return replica.held
        .filter(({ state }) => state.count > 0)
        .map(({ state }) => Array.from({ length: state.count }, (_, slot) => state.idAt(slot)));
    };
    return {
      seat,
      /** What the server knows that he holds. */
      view: () => (seat.state.name === 'playing' ? seat.state.view : undefined),
      entity,
      socket,
      frames,
      closed,
      replica,
      read,
      holds: (bytes: string) => frames.some((frame) => Buffer.from(frame).includes(bytes)),
    };
  };
  const tick = async (times = 1, everyMs = 100) => {
    for (let i = 0; i < times; i++) {
      await env.clock.advance(everyMs);
      shard.tick(true);
    }
  };
  return { shard, world, player, tick };
}

test("[T8] a component for its owner is in nobody else's bytes, one for a team in those of that team alone", async () => {
  for (const interest of [everyone(), NEAR, visibleTo<typeof components>(() => true)]) {
    const { player, tick } = newShard(interest);
    const ann = player('ann', { x: 50, y: 50 });
    const bob = player('bob', { x: 51, y: 50 });
    const cid = player('cid', { x: 50, y: 51 });
    Object.assign(ann.entity, { team: 1, secret: 'the key of ann', plan: 'attack at dawn' });
    Object.assign(bob.entity, { team: 1 });
    Object.assign(cid.entity, { team: 2 });
    await tick(3);
    expect([ann, bob, cid].map(({ holds }) => holds('the key of ann'))).toEqual([true, false, false]);
    expect([ann, bob, cid].map(({ holds }) => holds('attack at dawn'))).toEqual([true, true, false]);
    // Who changes sides is told no more, and sees what the others plan.
    Object.assign(bob.entity, { team: 2 });
    Object.assign(cid.entity, { plan: 'stay in bed' });
    for (const { frames } of [ann, bob, cid]) frames.length = 0;
    Object.assign(ann.entity, { plan: 'attack at noon' });
    await tick(2);
    expect([ann, bob, cid].map(({ holds }) => holds('attack at noon'))).toEqual([true, false, false]);
    expect([ann, bob, cid].map(({ holds }) => holds('stay in bed'))).toEqual([false, true, true]);
    // Who is in no team has no part in its plans.
    Object.assign(bob.entity, { team: undefined });
    for (const { frames } of [ann, bob, cid]) frames.length = 0;
    Object.assign(cid.entity, { plan: 'sleep on' });
    await tick(2);
    expect([ann, bob, cid].map(({ holds }) => holds('sleep on'))).toEqual([false, false, true]);
  }
});

test("[T8] what happens out of sight leaves no trace in a player's bytes", async () => {
  const run = async (elsewhere: number) => {
    const { world, player, tick } = newShard(NEAR);
    const ann = player('ann', { x: 5, y: 5 });
    const bob = player('bob', { x: 95, y: 95 });
    const far = world.spawn({ at: { x: 90, y: 90 } });
    for (let i = 0; i < 20; i++) {
      far.at.x = 80 + ((i * elsewhere) % 15);
      far.n = i * elsewhere;
      bob.entity.n = elsewhere;
      ann.entity.at.x = i % 5;
      await tick();
    }
    return { ann: ann.frames, bob: bob.frames };
  };
  const [one, other] = [await run(1), await run(7)];
  expect(other.ann).toEqual(one.ann);
  expect(other.bob).not.toEqual(one.bob);
});

test('[T2] who looks from the same cell gets the same bytes, encoded once', async () => {
  const { shard, player, tick } = newShard(NEAR);
  const players = ['ann', 'bob', 'cid'].map((name, i) => player(name, { x: 51 + i, y: 51 }));
  await tick(2);
  const { streams } = shard.counts;
  const later = player('dan', { x: 55, y: 55 });
  for (const { entity } of players) entity.n++;
  await tick(2);
  expect(shard.counts.streams - streams).toBe(1); // his own secret
  for (const { frames } of players) frames.length = 0;
  for (const { entity } of players) entity.n += 5;
  await tick();
  const [ann, bob, cid, dan] = [...players, later].map(({ frames }) => frames.at(-1)!);
  expect(bob).toEqual(ann);
  expect(cid).toEqual(ann);
  expect(dan).toEqual(ann);
});

test('[T2] [T8] many who come, go, move, wait and ask again hold what is around them, each all of it', async () => {
  // Mostly in four cells, so that many look from the same one.
  const along = fc.oneof({ weight: 5, arbitrary: fc.nat(19) }, fc.nat(99));
  const spot = fc.record({ x: along, y: along });
  const who = fc.nat(99);
  const action = fc.oneof(
    { weight: 3, arbitrary: fc.record({ ticks: fc.integer({ min: 1, max: 3 }) }) },
    { weight: 4, arbitrary: fc.record({ move: who, to: spot }) },
    { weight: 2, arbitrary: fc.record({ change: who, n: fc.nat(1000), team: fc.nat(1) }) },
    { weight: 2, arbitrary: fc.record({ stick: who }) },
    fc.record({ join: spot }),
    fc.record({ leave: who }),
    fc.record({ again: who }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(spot, { minLength: 6, maxLength: 10 }),
      fc.array(action),
      async (spots, list) => {
        const { shard, world, player, tick } = newShard(NEAR);
        let names = 0;
        const join = (at: { x: number; y: number }) => player(`p${names++}`, at);
        const players = spots.map(join);
        const pick = (n: number) => players[n % players.length]!;
        for (const each of list) {
          if ('ticks' in each) await tick(each.ticks);
          else if ('move' in each) Object.assign(pick(each.move).entity, { at: each.to });
          else if ('change' in each)
            Object.assign(pick(each.change).entity, { n: each.n, team: each.team, plan: `p${each.n}` });
          else if ('stick' in each) pick(each.stick).socket.stuck = !pick(each.stick).socket.stuck;
          else if ('join' in each) players.push(join(each.join));
          else if ('leave' in each) {
            if (players.length > 2) shard.leave(players.splice(each.leave % players.length, 1)[0]!.seat);
          } else {
            const { seat, view } = pick(each.again);
            for (const { stream } of view()?.outlook?.sight.feeds ?? []) shard.resync(seat, stream.cell);
          }
        }
        for (const { socket } of players) socket.stuck = false;
        await tick(2);
        const cellOf = ({ at }: { at: { x: number; y: number } }) => [
          Math.floor(at.x / 10),
          Math.floor(at.y / 10),
        ];
        for (const { entity, read, replica } of players) {
          read();
          expect(replica.tick).toBe(world.tick);
          const held = new Map<number, number[]>();
          for (const { state } of replica.held)
            for (let slot = 0; slot < state.count; slot++)
              held.set(
                state.idAt(slot),
                [0, 1, 2].map((lane) => state.valueAt(slot, lane)),
              );
          const [x, y] = cellOf(entity) as [number, number];
          const around = world.entities.filter((other) => {
            const [ox, oy] = cellOf(other) as [number, number];
            return Math.abs(ox - x) <= 1 && Math.abs(oy - y) <= 1;
          });
          expect(held).toEqual(new Map(around.map(({ id, at, n }) => [id, [at.x * 2, at.y * 2, n]])));
          const mates = around.filter(({ team }) => team !== undefined && team === entity.team);
          const { count } = replica.tail('team');
          expect(Array.from({ length: count }, (_, slot) => replica.tail('team').idAt(slot))).toEqual(
            mates.map(({ id }) => id),
          );
        }
        for (const { seat } of players) shard.leave(seat);
        await tick();
        expect([shard.counts.streams, shard.counts.cells]).toEqual([0, 0]);
      },
    ),
    { numRuns: 60 },
  );
});

test('streams and cells end with those who hold them', async () => {
  const { shard, player, tick } = newShard(NEAR);
  await tick();
  expect([shard.counts.streams, shard.counts.cells]).toEqual([0, 0]);
  const ann = player('ann', { x: 50, y: 50 });
  await tick();
  // Nine cells, that of those without a place, and what only she is sent.
  expect([shard.counts.streams, shard.counts.cells]).toEqual([11, 10]);
  ann.entity.at.x = 95;
  await tick();
  expect([shard.counts.streams, shard.counts.cells]).toEqual([11, 10]);
  shard.leave(ann.seat);
  await tick();
  expect([shard.counts.streams, shard.counts.cells]).toEqual([0, 0]);
});

test('[T8] without an entity a player looks from where it was; who never had one sees what has no place', async () => {
  const { world, player, tick } = newShard(NEAR);
  const ann = player('ann', { x: 5, y: 5 });
  const other = world.spawn({ at: { x: 6, y: 6 } });
  await tick();
  expect(ann.read()).toEqual([[ann.entity.id, other.id]]);
  world.despawn(ann.entity.id);
  await tick();
  expect(ann.read()).toEqual([[other.id]]);
  const bob = player('bob', { x: 5, y: 5 });
  world.despawn(bob.entity.id);
  await tick();
  expect(bob.read()).toEqual([]);
});

test('[T8] without an entity a player looks from his eye; with one the eye counts for nothing', async () => {
  const { world, player, tick } = newShard(NEAR);
  const ann = player('ann', { x: 5, y: 5 });
  const near = world.spawn({ at: { x: 6, y: 6 } });
  const far = world.spawn({ at: { x: 90, y: 90 }, name: 'far away' });
  ann.seat.eye = { x: 95, y: 95 };
  await tick();
  expect(ann.read()).toEqual([[ann.entity.id, near.id]]);
  expect(ann.holds('far away')).toBe(false);
  world.despawn(ann.entity.id);
  await tick();
  expect(ann.read()).toEqual([[far.id]]);
  ann.seat.eye = { x: 5, y: 5 };
  await tick();
  expect(ann.read()).toEqual([[near.id]]);
  ann.seat.eye = undefined;
  near.n = 7;
  await tick();
  expect(ann.read()).toEqual([[near.id]]);
});

test('[T2] a cell that is asked for again comes whole, and the player goes on; others are not troubled', async () => {
  const { shard, player, tick } = newShard(NEAR);
  const ann = player('ann', { x: 51, y: 51 });
  const bob = player('bob', { x: 52, y: 51 });
  await tick(2);
  ann.read();
  const { cell, state } = ann.replica.held.find((held) => held.state.count > 0)!;
  state.data[1] = 7; // another place than that of the server
  shard.resync(ann.seat, cell);
  shard.resync(ann.seat, 'owner');
  shard.resync(ann.seat, 'team');
  shard.resync(ann.seat, 123_456);
  expect(shard.counts.desyncs).toBe(2);
  bob.read();
  await tick();
  expect(ann.frames[0]!.length).toBeGreaterThan(bob.frames[0]!.length);
  ann.read();
  bob.read();
  const copies = [ann, bob].map(({ replica }) => replica.held.find((held) => held.cell === cell)!.state);
  expect(copies[0]!.hash()).toBe(copies[1]!.hash());
  await tick(3);
  expect(ann.frames.map(({ length }) => length)).toEqual(bob.frames.map(({ length }) => length));
});

test('[T5] who acknowledges nothing is let down rung by rung, and closed in the end; each is counted', async () => {
  const ladder = {
    coarserAfterMs: 200,
    nearerAfterMs: 400,
    ackWindowMs: 600,
    closeAfterMs: 2000,
    calmMs: 300,
  };
  const { shard, player, tick } = newShard(NEAR, { ladder });
  const ann = player('ann', { x: 51, y: 51 });
  const steps = () => {
    const { toCoarse, toNear, toWaiting, toClosed } = shard.counts;
    return [toCoarse, toNear, toWaiting, toClosed];
  };
  await tick(3);
  expect(steps()).toEqual([0, 0, 0, 0]);
  await tick(1);
  expect(steps()).toEqual([1, 0, 0, 0]);
  await tick(2);
  expect(steps()).toEqual([1, 1, 0, 0]);
  await tick(2);
  expect(steps()).toEqual([1, 1, 1, 0]);
  const sent = ann.frames.length;
  expect(shard.counts.streams).toBe(0);
  await tick(13);
  expect([ann.frames.length, ann.closed]).toEqual([sent, []]);
  await tick(1);
  expect([steps(), ann.closed]).toEqual([[1, 1, 1, 1], ['overloaded']]);
  expect(shard.players.size).toBe(0);
});

test('[T9] when the server is late itself, nobody is taken for slow', async () => {
  const ladder = { coarserAfterMs: 600, nearerAfterMs: 800, ackWindowMs: 1000, closeAfterMs: 30_000 };
  const { shard, player, tick } = newShard(NEAR, { ladder });
  const ann = player('ann', { x: 51, y: 51 });
  await tick(2);
  for (let i = 0; i < 20; i++) {
    const before = shard.world.tick;
    await tick(1, 900);
    ann.view()!.ack(before); // she is one frame behind, as over any line
  }
  expect(shard.counts).toMatchObject({ toCoarse: 0, toWaiting: 0, framesSkipped: 0 });
  // Who takes nothing is noticed all the same.
  await tick(20, 900);
  expect(shard.counts).toMatchObject({ toCoarse: 1, toNear: 1, toWaiting: 1 });
});

test('within a budget the near cells go first, nothing is wrong for long, and the bytes keep to it', async () => {
  const bytesPerSecond = 400;
  const { world, player, tick } = newShard(grid({ by: 'at', cell: 10, radius: 40 }), { bytesPerSecond });
  const ann = player('ann', { x: 50, y: 50 });
  const others = Array.from({ length: 80 }, (_, i) =>
    world.spawn({ at: { x: (i % 9) * 11, y: Math.floor(i / 9) * 11 }, n: i }),
  );
  let bytes = 0;
  const count = () => {
    for (const { length } of ann.frames) bytes += length;
    ann.read();
  };
  await tick();
  count();
  const own = ann.replica.held.some(({ state }) => state.find(ann.entity.id) !== -1);
  expect([own, ann.replica.held.length < 40]).toEqual([true, true]);
  for (let i = 0; i < 100; i++) {
    for (const entity of others) entity.n = (entity.n * 7 + i) % 1000;
    await tick();
    count();
  }
  // Ten seconds, the burst, and one chunk that may be more than was left.
  expect(bytes).toBeLessThan(10 * bytesPerSecond + bytesPerSecond / 4 + 200);
  expect(bytes).toBeGreaterThan(9 * bytesPerSecond);
  // At rest all cells are told of, and right.
  await tick(60);
  count();
  expect(ann.replica.held.length).toBeGreaterThan(60);
  const bob = player('bob', { x: 50, y: 50 });
  await tick(60);
  count();
  bob.read();
  expect(ann.replica.held.map(({ cell, state }) => [cell, state.hash()])).toEqual(
    bob.replica.held.map(({ cell, state }) => [cell, state.hash()]),
  );
});

test('[T2] what waits for a budget goes on as expected, all else as it was, and then comes whole', async () => {
  const { world, player, tick } = newShard(grid({ by: 'at', cell: 10, radius: 40 }), {
    bytesPerSecond: 1000,
  });
  const ann = player('ann', { x: 50, y: 50 });
  const noise = Array.from({ length: 80 }, (_, i) =>
    world.spawn({ at: { x: (i % 9) * 11, y: Math.floor(i / 9) * 11 } }),
  );
  const runner = world.spawn({ at: { x: 80.5, y: 55 } });
  const drawn = () => {
    const held = ann.replica.held.find(({ state }) => state.find(runner.id) !== -1);
    if (!held) return undefined;
    const slot = held.state.find(runner.id);
    return { x: held.state.valueAt(slot, 0) / 2, n: held.state.valueAt(slot, 2) };
  };
  let [waited, exact] = [0, 0];
  let before = drawn();
  for (let i = 1; i <= 80; i++) {
    for (const entity of noise) entity.n = (entity.n * 7 + i) % 1000;
    runner.at.x += i % 2 === 0 ? 0.5 : 0;
    runner.n = i;
    await tick();
    ann.read();
    const now = drawn();
    if (now && now.n === i) {
      expect(now.x).toBe(runner.at.x);
      exact++;
    } else if (now && before) {
      expect(now.n).toBe(before.n);
      waited++;
    }
    before = now;
  }
  expect(Math.min(waited, exact)).toBeGreaterThan(3);
});

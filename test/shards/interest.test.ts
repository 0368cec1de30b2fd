/** What players of a world cut into cells are sent, end to end, against what they may see. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CellReplica } from '../../shards/core/cell-replica.ts';
import { everyone, type Interest, visibleTo } from '../../shards/core/index.ts';
import type { LinkOptions } from './sim-pipe.ts';
import { SimShards } from './sim-shards.ts';
import {
  type components,
  GRID,
  heldOf,
  type Noted,
  replay,
  said,
  seenFrom,
  watchedWorld,
} from './watched-world.ts';

type Replica = CellReplica<typeof components>;
type Watched = Awaited<ReturnType<typeof watched>>;

/** Slow players get nothing rather than less. */
const EXACT = { coarserAfterMs: 60_000, nearerAfterMs: 60_000 };
const id = 'here';

async function watched(interest?: Interest<typeof components>, options = {}, limits = {}) {
  const { def, history } = watchedWorld(interest, limits);
  const sim = new SimShards({ watched: def }, { start: [{ shard: 'watched', id }], ...options });
  await sim.instance.start?.();
  const world = () => sim.directory.find(def, id)!.world;
  const join = (link: LinkOptions) => sim.join(def, link, { id });
  return { def, history, sim, world, join };
}

const place = fc.record({ x: fc.integer({ min: -64, max: 64 }), y: fc.integer({ min: -64, max: 64 }) });
const speed = fc.record({ x: fc.integer({ min: -8, max: 8 }), y: fc.integer({ min: -8, max: 8 }) });
const which = fc.nat();
const who = fc.nat(2);
const action = fc.oneof(
  { weight: 6, arbitrary: fc.record({ advanceMs: fc.integer({ min: 1, max: 300 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({ spawn: fc.option(place, { nil: undefined }), speed, team: fc.nat(3) }),
  },
  { weight: 1, arbitrary: fc.record({ despawn: which }) },
  { weight: 2, arbitrary: fc.record({ put: which, at: fc.option(place, { nil: undefined }) }) },
  { weight: 2, arbitrary: fc.record({ change: which, hp: fc.nat(100), name: fc.string({ maxLength: 5 }) }) },
  { weight: 2, arbitrary: fc.record({ steer: who, turn: speed }) },
  fc.record({ pause: who }),
  fc.record({ resume: who }),
  fc.record({ cut: who }),
  fc.record({ connect: who }),
);
const actions = fc.array(action, { minLength: 5, maxLength: 30 });
type Action = typeof actions extends fc.Arbitrary<infer A> ? A : never;

const links: LinkOptions[] = [
  { userId: 'ann', latencyMs: 20, jitterMs: 20 },
  { userId: 'bob', latencyMs: 5, kernelSize: 3 },
  { userId: 'cid', latencyMs: 60, kernelSize: 100 },
];

/** Plays the actions; all players are connected and read in the end. */
async function play({ world, sim, join }: Watched, list: Action) {
  const players = [];
  for (const link of links) players.push(await join(link));
  const pick = (n: number) => world().entities[n % Math.max(1, world().entities.length)];
  for (const each of list) {
    if ('advanceMs' in each) await sim.env.clock.advance(each.advanceMs);
    else if ('spawn' in each) {
      const { spawn: at, speed: by, team } = each;
      for (let i = 0; i < 3; i++)
        world().spawn({ at, speed: by, team, name: `n${i}`, ammo: i, plan: `p${team}` });
    } else if ('despawn' in each) {
      const entity = pick(each.despawn);
      if (entity && !players.some(({ handle }) => handle.me?.id === entity.id)) world().despawn(entity.id);
    } else if ('put' in each) {
      const entity = pick(each.put);
      if (entity) entity.at = each.at;
    } else if ('change' in each) {
      const entity = pick(each.change);
      if (entity) Object.assign(entity, { hp: each.hp, name: each.name, ammo: each.hp * 2, plan: each.name });
    } else if ('steer' in each) players[each.steer]!.handle.send({ turn: each.turn });
    else if ('pause' in each) players[each.pause]!.client.pause();
    else if ('resume' in each) players[each.resume]!.client.resume();
    else if ('cut' in each) players[each.cut]!.client.cut();
    else if (!players[each.connect]!.client.online) players[each.connect]!.client.connect();
  }
  for (const { client } of players) {
    client.resume();
    if (!client.online) client.connect();
  }
  await sim.env.clock.advance(2500);
  return players;
}

/** Fails unless each cell is what it was in one of the frames of its last step. */
function expectCells(replica: Replica, { history }: Watched, seen: ReadonlyMap<number, number>): void {
  const past = Array.from({ length: 8 }, (_, back) => history.get(replica.tick - back) ?? []);
  for (const { cell, level, state } of replica.held) {
    if (!seen.has(cell)) expect.unreachable(`cell ${cell} is out of sight`);
    const held = heldOf(state, 'all');
    const inside = (then: readonly Noted[]) => then.filter((entity) => entity.cell === cell);
    const had = past.slice(0, 2 ** level).map((then) => said(inside(then), 'all'));
    if (!had.some((then) => then.join() === held.join())) expect(held).toEqual(had[0]);
  }
}

/** What a player may see is told by where his entity is, or was last. */
function eye() {
  let cell = 0;
  return (replica: Replica, { history }: Watched, entity: number) => {
    cell = history.get(replica.tick)!.find(({ id: of }) => of === entity)?.cell ?? cell;
    return cell;
  };
}

test('[T2] [T8] players hold exactly the cells around them, and what is in them, through any churn', async () => {
  await fc.assert(
    fc.asyncProperty(actions, async (list) => {
      const server = await watched(GRID, { graceMs: 60_000, ackWindowMs: 500, ...EXACT });
      for (const { client, handle } of await play(server, list)) {
        expect(handle.state.name).toBe('playing');
        const me = handle.me!.id;
        const look = eye();
        const frames = replay(server.def, client.received, (replica) => {
          const cell = look(replica, server, me);
          const seen = seenFrom(cell);
          expect(replica.held.map((held) => [held.cell, held.level])).toEqual([...seen]);
          expect(replica.desyncs).toEqual([]);
          expectCells(replica, server, seen);
          const now = server.history.get(replica.tick)!;
          const own = now.filter((entity) => entity.id === me);
          expect(heldOf(replica.tail('owner'), 'owner')).toEqual(said(own, 'owner'));
          const mates = now.filter((entity) => seen.has(entity.cell) && entity.team === own[0]?.team);
          expect(heldOf(replica.tail('team'), 'team')).toEqual(said(mates, 'forTeam'));
        });
        expect(frames).toBeGreaterThan(20);
      }
      expect(server.sim.gauge('desyncs')).toBe(0);
    }),
    { numRuns: 5 },
  );
});

test('[T2] [T5] slow players see less, never anything wrong, and all of it again when they keep up', async () => {
  await fc.assert(
    fc.asyncProperty(actions, async (list) => {
      // A way of 120 ms there and back, and an acknowledgement that waits for the client's tick of 50 ms, are not slow.
      const slow = { coarserAfterMs: 200, nearerAfterMs: 300, ackWindowMs: 500, calmMs: 500 };
      const server = await watched(GRID, { graceMs: 60_000, ...slow });
      for (const { client, handle } of await play(server, list)) {
        const me = handle.me!.id;
        const look = eye();
        let last: Replica | undefined;
        replay(server.def, client.received, (replica) => {
          const seen = seenFrom(look(replica, server, me));
          expectCells(replica, server, seen);
          for (const { cell, level } of replica.held) expect(level - seen.get(cell)!).toBeOneOf([0, 1]);
          last = replica;
        });
        const cell = server.history.get(last!.tick)!.find((entity) => entity.id === me)!.cell;
        expect(last!.held.map((held) => [held.cell, held.level])).toEqual([...seenFrom(cell)]);
        expect(last!.tick).toBeGreaterThan(server.world().tick - 5);
      }
    }),
    { numRuns: 5 },
  );
});

test('[T2] [T8] with visibleTo a player holds those entities that it shows him, one by one', async () => {
  const interest = visibleTo<typeof components>(
    (player, entity) => entity.id === player.entityId || entity.hp > 50 || entity.name === player.name,
  );
  await fc.assert(
    fc.asyncProperty(actions, async (list) => {
      const server = await watched(interest, { graceMs: 60_000, ackWindowMs: 500, ...EXACT });
      for (const { client, handle } of await play(server, list)) {
        const me = handle.me!.id;
        const name = client.viewer.name!;
        replay(server.def, client.received, (replica) => {
          const shown = server.history
            .get(replica.tick)!
            .filter(
              (entity) => entity.id === me || entity.hp > 50 || entity.all.includes(`"name":"${name}"`),
            );
          expect(replica.held).toEqual([]);
          expect(heldOf(replica.tail('seen'), 'all')).toEqual(said(shown, 'all'));
          const own = shown.filter((entity) => entity.id === me);
          const mates = shown.filter((entity) => entity.team === own[0]?.team);
          expect(heldOf(replica.tail('team'), 'team')).toEqual(said(mates, 'forTeam'));
        });
      }
    }),
    { numRuns: 5 },
  );
});

test('[T2] with everyone() all is one cell, for those without an entity too', async () => {
  await fc.assert(
    fc.asyncProperty(actions, async (list) => {
      const server = await watched(everyone(), { graceMs: 60_000, ackWindowMs: 500, ...EXACT });
      for (const { client } of await play(server, list)) {
        replay(server.def, client.received, (replica) => {
          expect(replica.held.map((held) => [held.cell, held.level])).toEqual([[0, 0]]);
          expect(heldOf(replica.held[0]!.state, 'all')).toEqual(
            said(server.history.get(replica.tick)!, 'all'),
          );
        });
      }
    }),
    { numRuns: 5 },
  );
});

test('[T2] [T8] within a byte budget nothing out of sight is held, and at rest all is as it is', async () => {
  await fc.assert(
    fc.asyncProperty(actions, async (list) => {
      const server = await watched(
        GRID,
        { graceMs: 60_000, ackWindowMs: 500, ...EXACT },
        { bytesPerSecond: 2000 },
      );
      const players = await play(server, list);
      for (const entity of server.world().entities) entity.speed = { x: 0, y: 0 };
      for (const { handle } of players) handle.send({ turn: { x: 0, y: 0 } });
      await server.sim.env.clock.advance(3000);
      for (const { client, handle } of players) {
        const me = handle.me!.id;
        const look = eye();
        let last: Replica | undefined;
        replay(server.def, client.received, (replica) => {
          const seen = seenFrom(look(replica, server, me));
          for (const { cell, level } of replica.held) expect(seen.get(cell)).toBe(level);
          expect(replica.desyncs).toEqual([]);
          last = replica;
        });
        const seen = seenFrom(look(last!, server, me));
        expect(last!.held.map((held) => [held.cell, held.level])).toEqual([...seen]);
        expectCells(last!, server, seen);
      }
    }),
    { numRuns: 5 },
  );
});

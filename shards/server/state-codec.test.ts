import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isFault } from '../../src/base/fault.ts';
import { c } from '../core/components.ts';
import { RecordType } from '../core/record-type.ts';
import { WorldColumns } from '../core/world-columns.ts';
import { lostComponents } from '../core/world-copy.ts';
import type { ShardState } from './shard-state.ts';
import { decodeState, encodeState, stateBytes } from './state-codec.ts';

const components = {
  at: c.vec2({ min: -1e6, max: 1e6, step: 0.01 }),
  count: c.int({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  name: c.string({ maxBytes: 64 }),
  mood: c.optional(c.enum('calm', 'cross')),
  turn: c.quaternion(),
  foe: c.entityId(),
  bag: c.optional(c.json()),
};
const type = new RecordType(components);
const newWorld = () =>
  new WorldColumns(type, {
    seed: 's',
    stepSeed: 't',
    maxEntities: 1e5,
    stepSpawn: (id) => id,
    emit: () => {},
  });

const entity = fc.record({
  at: fc.record({ x: fc.double({ min: -1e6, max: 1e6, noNaN: true }), y: fc.constant(0) }),
  count: fc.oneof(fc.constantFrom(-(2 ** 31), 0, 2 ** 31 - 1), fc.integer()),
  name: fc.oneof(fc.constantFrom('', 'ann'), fc.string({ maxLength: 10, unit: 'binary' })),
  mood: fc.constantFrom(undefined, 'calm' as const, 'cross' as const),
  turn: fc.record({ x: fc.integer(), y: fc.integer(), z: fc.integer(), w: fc.integer() }),
  foe: fc.nat(),
  bag: fc.constantFrom(undefined, null, [], { items: ['rope'] }),
});
/** A world after some coming and going. */
const worlds = fc
  .record({
    entities: fc.array(entity, { maxLength: 40 }),
    gone: fc.array(fc.nat(60), { maxLength: 10 }),
    draws: fc.nat(5),
    tick: fc.nat(),
  })
  .map(({ entities, gone, draws, tick }) => {
    const world = newWorld();
    world.tick = tick;
    for (const [i, values] of entities.entries()) {
      world.spawn(values);
      if (gone[i]) world.despawn(gone[i]);
    }
    for (let i = 0; i < draws; i++) world.random.next();
    return world;
  });
const states = fc.record({
  name: fc.string(),
  hash: fc.string(),
  id: fc.string(),
  seed: fc.string(),
  params: fc.jsonValue({ maxDepth: 3 }).filter((value) => !JSON.stringify(value).includes('__proto__')),
  batch: fc.nat(),
  seatsTaken: fc.nat(),
  seats: fc.array(
    fc.record({
      number: fc.integer({ min: 1, max: 1e9 }),
      entityId: fc.nat(),
      who: fc.record({
        clientId: fc.string(),
        viewer: fc.record({
          userId: fc.option(fc.string()),
          kind: fc.constantFrom('anonymous' as const, 'guest' as const, 'user' as const),
          roles: fc.array(fc.string(), { maxLength: 3 }),
          name: fc.option(fc.string()),
        }),
      }),
      eye: fc.constantFrom(undefined, { x: 1.5, y: -2 }, { x: 0, y: 0, z: 7 }),
      sighting: fc.tuple(
        fc.nat(100),
        fc.double({ min: 0, max: 1e9, noNaN: true }).map((seen) => seen + 0),
      ),
    }),
    { maxLength: 4 },
  ),
  past: fc.option(
    fc
      .record({
        frames: fc.nat(4),
        lanes: fc.integer({ min: 1, max: 3 }),
        seed: fc.array(fc.integer(), { maxLength: 9 }),
      })
      .map(({ frames, lanes, seed }) => {
        const row = (i: number) => Int32Array.from(seed.slice(i), (value) => value + i);
        return {
          ticks: Array.from({ length: frames }, (_, i) => i * 2),
          ids: Array.from({ length: frames }, (_, i) => row(i)),
          lanes: Array.from({ length: frames }, (_, i) => Array.from({ length: lanes }, () => row(i))),
        };
      })
      .filter(({ ticks }) => ticks.length > 0),
    { nil: undefined },
  ),
});

test('[T7] a state comes back from its bytes as it was, and so does its world', () => {
  fc.assert(
    fc.property(worlds, states, (world, rest) => {
      const state: ShardState = { ...JSON.parse(JSON.stringify(rest)), past: rest.past, world: world.copy() };
      const back = decodeState(stateBytes(state));
      expect(back).toEqual({ ...state, past: rest.past });
      const again = newWorld();
      again.restore(back.world);
      expect(again.hash()).toBe(world.hash());
      expect(again.copy()).toEqual(world.copy());
      expect(again.random.next()).toBe(world.random.next());
      expect(again.spawn().id).toBe(world.spawn().id);
    }),
    { numRuns: 200 },
  );
});

const plain = (world = newWorld()): ShardState => ({
  name: 'n',
  hash: 'h',
  id: 'i',
  seed: 's',
  params: null,
  batch: 0,
  seatsTaken: 0,
  seats: [],
  world: world.copy(),
  past: undefined,
});

test('[N1] bytes that no encoder made are a fault, never anything else', () => {
  fc.assert(
    fc.property(worlds, fc.nat(), fc.integer({ min: 0, max: 255 }), (world, at, value) => {
      const bytes = stateBytes(plain(world));
      const broken = bytes.slice(0, Math.max(1, at % (bytes.length + 1)));
      broken[(at * 7) % broken.length] = value;
      for (const given of [broken, bytes.subarray(0, at % bytes.length)]) {
        try {
          decodeState(given);
        } catch (error) {
          expect(isFault(error)).toBe(true);
        }
      }
    }),
  );
  expect(() => decodeState(Uint8Array.of(99))).toThrow(expect.toSatisfy((e) => isFault(e, 'unsupported')));
});

test('[N1] rows that no world has are a fault, and reserve no memory', () => {
  const world = newWorld();
  world.spawn();
  world.spawn();
  for (const rows of [
    [0, 0],
    [0, -1],
    [0, 2 ** 31 - 1],
    [0, 2 ** 24],
  ]) {
    const bytes = stateBytes({ ...plain(), world: { ...world.copy(), rows: Int32Array.from(rows) } });
    expect(() => decodeState(bytes)).toThrow(expect.toSatisfy((e) => isFault(e, 'bad_message')));
  }
});

test('[T3] a large world is written in slices, and small where little differs', () => {
  const world = newWorld();
  for (let i = 0; i < 20_000; i++) world.spawn({ at: { x: i, y: 0 }, name: `n${i % 3}` });
  const slices = encodeState(plain(world));
  let pauses = 0;
  let step = slices.next();
  for (; !step.done; step = slices.next()) pauses++;
  expect(pauses).toBeGreaterThan(5);
  expect(step.value.length).toBeLessThan(20_000 * 6);
});

test('another version of the definition takes over what it has a place for', () => {
  const world = newWorld();
  world.spawn({ count: 7, name: 'ann', mood: 'cross' });
  world.spawn({ count: -7, name: 'bob' });
  world.despawn(1);
  const other = new RecordType({
    name: c.string({ maxBytes: 64 }),
    coins: c.uint({ max: 9 }),
    mood: components.mood,
    count: c.int({ min: 0, max: 5 }),
  });
  expect(lostComponents(world.copy(), other)).toEqual(['at', 'count', 'turn', 'foe', 'bag']);
  expect(lostComponents(world.copy(), type)).toEqual([]);
  const options = {
    seed: 's',
    stepSeed: 't',
    maxEntities: 10,
    stepSpawn: (id: number) => id,
    emit: () => {},
  };
  const next = new WorldColumns(other, options);
  next.restore(decodeState(stateBytes(plain(world))).world);
  expect(next.entities.map(({ id, name, coins, mood, count }) => ({ id, name, coins, mood, count }))).toEqual(
    [{ id: 2, name: 'bob', coins: 0, mood: undefined, count: 0 }],
  );
});

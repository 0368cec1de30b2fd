import { expect, test } from 'vitest';
import { isFault } from '../../src/base/fault.ts';
import { c } from '../core/components.ts';
import { sphere } from '../core/hitbox.ts';
import { RecordType } from '../core/record-type.ts';
import { planRewind } from '../core/rewind-plan.ts';
import { WorldColumns } from '../core/world-columns.ts';
import { History } from './history.ts';
import { pastOf, TELEPORT } from './past-for-tests.ts';
import type { AnyWorld } from './private-rows.ts';

test('who teleports is at one place or the other, never between', () => {
  const { world, tick, at } = pastOf();
  const one = world.spawn({ position: { x: 0, y: 0, z: 0 } });
  tick();
  one.position.x = TELEPORT;
  tick();
  one.position.x = 30;
  tick();
  expect(at(1.5).positionAt(one.id)!.x).toBe(TELEPORT / 2);
  expect(at(2.5).positionAt(one.id)!.x).toBe(TELEPORT);
  expect(at(3).positionAt(one.id)!.x).toBe(30);
  const across = (tickSeen: number) =>
    at(tickSeen).raycast({ x: 15, y: 0.5, z: -5 }, { x: 0, y: 0, z: 1 }, { length: 10, radius: 1 });
  expect(across(2.5)).toBeUndefined();
});

test('who is gone by now was there, whoever has his row now; who came later was not', () => {
  const { world, tick, at } = pastOf();
  const first = world.spawn({ position: { x: 1, y: 0, z: 0 } }).id;
  tick();
  world.despawn(first);
  const second = world.spawn({ position: { x: 2, y: 0, z: 0 } }).id;
  tick();
  const before = at(1.9);
  expect([before.positionAt(first)?.x, before.positionAt(second)]).toEqual([1, undefined]);
  expect(before.near({ x: 0, y: 0 }, 5)).toEqual([first]);
  const now = at(2);
  expect([now.positionAt(first), now.positionAt(second)?.x]).toEqual([undefined, 2]);
  expect([now.positionAt(0), now.positionAt(-1), now.positionAt(99)]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test('the past is bounded: older moments are the oldest, later ones the newest', () => {
  const { world, tick, at } = pastOf();
  const one = world.spawn({ position: { x: 0, y: 0, z: 0 } });
  for (let i = 1; i <= 40; i++) {
    one.position.x = i;
    tick();
  }
  // 500 ms at 30 Hz are 15 ticks, seen from the tick before the newest.
  expect(at(0).tick).toBe(24);
  expect(at(Number.NEGATIVE_INFINITY).positionAt(one.id)!.x).toBe(24);
  expect(at(1e9).positionAt(one.id)!.x).toBe(40);
});

test('nothing is before the beginning', () => {
  const { world, history, tick, at } = pastOf();
  expect(() => at(0)).toThrow('before the first tick');
  const one = world.spawn({ position: { x: 1, y: 0, z: 0 } });
  history.record();
  // Regression: tick 0 was once taken to follow a tick -1.
  expect([at(-3).tick, at(-3).positionAt(one.id)?.x]).toEqual([0, 1]);
  tick();
  expect([at(-3).tick, at(9).tick]).toEqual([0, 1]);
  world.tick = 500;
  history.record();
  expect([at(-3).tick, at(1000).tick]).toEqual([500, 500]);
});

test('a filter, a radius, and a ray that goes nowhere', () => {
  const { world, tick, at } = pastOf({ hitbox: ({ kind }) => (kind === 'cart' ? undefined : 'body') });
  const ghost = world.spawn({ position: { x: 0, y: 0, z: 2 }, kind: 'cart' }).id;
  const near = world.spawn({ position: { x: 0, y: 0, z: 4 } }).id;
  const far = world.spawn({ position: { x: 0, y: 0, z: 8 } }).id;
  tick();
  const past = at(1);
  const cast = (options: object = {}) =>
    past.raycast({ x: 0, y: 0.5, z: 0 }, { x: 0, y: 0, z: 9 }, { length: 20, ...options });
  expect(cast()).toMatchObject({ id: near, hitbox: 'body', point: { x: 0, y: 0.5 } });
  expect(cast()!.distance).toBeCloseTo(3.6, 12);
  expect(cast({ filter: ({ id }: { id: number }) => id !== near })?.id).toBe(far);
  expect(cast({ radius: 1 })).toMatchObject({ id: ghost, hitbox: undefined });
  expect(cast({ length: 3.5 })).toBeUndefined();
  expect(cast({ length: Number.POSITIVE_INFINITY })?.id).toBe(near);
  expect(cast({ length: Number.NaN })).toBeUndefined();
  for (const wrong of [0, Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(past.raycast({ x: 0, y: 0.5, z: 0 }, { x: 0, y: 0, z: wrong }, { length: 20 })).toBeUndefined();
    expect(past.raycast({ x: 0, y: 0.5, z: 0 }, { x: 0, y: wrong, z: 1 }, { length: 20 })?.id).toBe(
      wrong === 0 ? near : undefined,
    );
  }
  expect(past.raycast({ x: Number.NaN, y: 0, z: 0 }, { x: 0, y: 0, z: 1 }, { length: 20 })).toBeUndefined();
  expect(past.near({ x: Number.NaN, y: 0 }, 5)).toEqual([]);
  expect(past.overlap(sphere({ center: { x: 0, y: Number.NaN }, radius: 5 }))).toEqual([]);
});

test('two rewinds at once do not disturb each other, not even inside a filter', () => {
  const { world, tick, at } = pastOf();
  const one = world.spawn({ position: { x: 0, y: 0, z: 4 } });
  tick();
  one.position.x = 3;
  tick();
  const [before, after] = [at(1), at(2)];
  const filter = () => after.positionAt(one.id)!.x === 3;
  expect(before.raycast({ x: 0, y: 0.5, z: 0 }, { x: 0, y: 0, z: 1 }, { length: 9, filter })?.id).toBe(
    one.id,
  );
  expect([before.positionAt(one.id)!.x, after.positionAt(one.id)!.x]).toEqual([0, 3]);
});

test('a rewind ends with its tick, and knows only what is remembered', () => {
  const { world, tick, at } = pastOf();
  const one = world.spawn({ position: { x: 0, y: 0, z: 4 }, name: 'Ann' });
  tick();
  const past = at(1);
  expect(() => past.at(one.id)!.name).toThrow('"name" is not in rewind.components');
  tick();
  expect(() => past.near({ x: 0, y: 0 }, 1)).toThrow('of another tick');
  const bare = pastOf({ hitboxes: undefined as never });
  bare.world.spawn({ position: { x: 0, y: 0, z: 4 } });
  bare.tick();
  const cast = () => bare.at(1).raycast({ x: 0, y: 0 }, { x: 0, y: 0, z: 1 }, { length: 9 });
  expect(cast).toThrow('rewind.hitboxes');
  expect(bare.at(1).overlap(sphere({ center: { x: 0, y: 0, z: 3 }, radius: 1 }))).toEqual([1]);
  try {
    cast();
  } catch (error) {
    expect(isFault(error, 'invalid')).toBe(true);
  }
});

test('300 entities with a position and an angle take at most 40 bytes each and tick', () => {
  const type = new RecordType({
    position: c.vec3({ min: -512, max: 512, step: 0.01 }),
    yaw: c.angle({ bits: 10 }),
  });
  const plan = planRewind({ components: ['position', 'yaw'] }, type, { tickRate: 30, snapshotEvery: 1 });
  const world = new WorldColumns(type, { seed: 'a', stepSeed: 'b', maxEntities: 300, emit: () => {} });
  const history = new History(plan, world as unknown as AnyWorld);
  for (let i = 0; i < 300; i++) world.spawn();
  for (; world.tick <= 100; world.tick++) history.record();
  expect(history.bytes / (300 * 30)).toBeLessThanOrEqual(40);
  const before = history.bytes;
  for (; world.tick <= 200; world.tick++) history.record();
  expect(history.bytes).toBe(before);
});

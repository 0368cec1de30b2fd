import { expect, test } from 'vitest';
import { c } from './components.ts';
import { defineShard } from './define-shard.ts';
import { box, capsule, reachOf, sphere } from './hitbox.ts';
import type { RewindSpec } from './rewind.ts';
import { LAG_PARTS, lagOf } from './rewind-plan.ts';

const components = {
  position: c.vec2({ min: -32, max: 32, step: 0.01 }),
  at: c.optional(c.vec3({ min: -8, max: 8, step: 0.5 })),
  yaw: c.angle({ bits: 8 }),
  name: c.string(),
};

function define(rewind: RewindSpec<typeof components>, tickRate = 20) {
  return defineShard({
    name: 'past',
    tickRate,
    components,
    input: c.struct({ fire: c.bool() }),
    rewind,
    authorize: () => true,
    step() {},
  });
}

test('an input tells what its player saw in a lane of its own, and only where there is a rewind', () => {
  const { inputType, rewindPlan, hash } = define({ components: ['position', 'yaw'], ms: 500 });
  expect(inputType.lanes).toHaveLength(2);
  expect(Object.keys(inputType.fields)).toEqual(['fire']);
  expect(inputType.lanes[1]).toMatchObject({ min: 0, max: 10 * LAG_PARTS, bits: 9 });
  expect(rewindPlan!.frames).toBe(12);
  const plain = defineShard({
    name: 'past',
    tickRate: 20,
    components,
    input: c.struct({ fire: c.bool() }),
    authorize: () => true,
    step() {},
  });
  expect(plain.inputType.lanes).toHaveLength(1);
  expect(plain.rewindPlan).toBeUndefined();
  expect(plain.hash).not.toBe(hash);
});

test('[N3] a moment is told within its bounds', () => {
  const plan = define({ components: ['position'], ms: 500 }).rewindPlan!;
  expect(lagOf(plan, 100, 95.5)).toBe(3.5 * LAG_PARTS);
  expect(lagOf(plan, 100, 0)).toBe(10 * LAG_PARTS);
  expect(lagOf(plan, 100, 200)).toBe(1);
});

test('where an entity is, is told by the first vector that is remembered', () => {
  expect(define({ components: ['yaw', 'position', 'at'] }).rewindPlan).toMatchObject({
    place: 1,
    axes: 2,
    guard: -1,
  });
  expect(define({ components: ['at', 'position'] }).rewindPlan).toMatchObject({
    place: 1,
    axes: 3,
    guard: 0,
  });
});

test('mistakes are found when the module loads', () => {
  expect(() => define({ components: ['yaw'] })).toThrow('no vec2 or vec3');
  expect(() => define({ components: ['position', 'name'] })).toThrow('a text');
  expect(() => define({ components: ['position', 'speed' as 'yaw'] })).toThrow('"speed"');
  expect(() => define({ components: ['position'], ms: 49 })).toThrow('rewind.ms');
  expect(() => define({ components: ['position'], ms: 4001 })).toThrow('rewind.ms');
  expect(() => define({ components: ['position'], ms: Number.NaN })).toThrow('rewind.ms');
  expect(() => define({ components: ['position'] }, 0)).toThrow('event-driven');
  for (const radius of [-1, Number.NaN, Number.POSITIVE_INFINITY, 0]) {
    expect(() => define({ components: ['position'], hitboxes: { it: sphere({ radius }) } })).toThrow(
      'a hitbox',
    );
  }
});

test('no point of a hitbox is beyond its reach', () => {
  expect(reachOf(sphere({ center: { x: 3, y: 4 }, radius: 1 }))).toBe(6);
  expect(reachOf(capsule({ from: { x: 0, y: 0.4 }, to: { x: 0, y: 1.4 }, radius: 0.4 }))).toBeCloseTo(
    1.8,
    12,
  );
  expect(reachOf(box({ center: { x: -1, y: 0 }, half: { x: 2, y: 4 } }))).toBe(5);
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Vec3 } from '../core/component.ts';
import { box, capsule, type Hitbox, sphere } from '../core/hitbox.ts';
import { rayHit } from './ray-hit.ts';

/** Evenly spread, as `fc.double` is not. */
const number = (max: number) => fc.integer({ min: -1000, max: 1000 }).map((part) => (part * max) / 1000);
const vector = (max: number) => fc.record({ x: number(max), y: number(max), z: number(max) });
const size = fc.integer({ min: 50, max: 3000 }).map((part) => part / 1000);
const shape: fc.Arbitrary<Hitbox> = fc.oneof(
  fc.record({ center: vector(2), radius: size }).map(sphere),
  fc.record({ from: vector(2), to: vector(2), radius: size }).map(capsule),
  fc.record({ center: vector(2), half: fc.record({ x: size, y: size, z: size }) }).map(box),
);

/** How far a point is from the shape; below 0 inside. */
function distanceTo(hitbox: Hitbox, at: Vec3, point: Vec3): number {
  const p = { x: point.x - at.x, y: point.y - at.y, z: point.z - at.z };
  if (hitbox.kind === 'box') {
    const { center, half } = hitbox;
    const off = (['x', 'y', 'z'] as const).map((axis) => Math.abs(p[axis] - center[axis]) - half[axis]);
    const outside = Math.hypot(...off.map((side) => Math.max(0, side)));
    return outside > 0 ? outside : Math.max(...off);
  }
  const from = hitbox.kind === 'sphere' ? hitbox.center : hitbox.from;
  const to = hitbox.kind === 'sphere' ? hitbox.center : hitbox.to;
  const way = { x: to.x - from.x, y: to.y - from.y, z: to.z - from.z };
  const length2 = way.x ** 2 + way.y ** 2 + way.z ** 2;
  const along = (p.x - from.x) * way.x + (p.y - from.y) * way.y + (p.z - from.z) * way.z;
  const place = length2 === 0 ? 0 : Math.max(0, Math.min(1, along / length2));
  const near = { x: from.x + way.x * place, y: from.y + way.y * place, z: from.z + way.z * place };
  return Math.hypot(p.x - near.x, p.y - near.y, p.z - near.z) - hitbox.radius;
}

const STEPS = 400;
const FAR = 30;

test('a ray ends at the surface of a shape, and was never inside before', () => {
  const direction = vector(1).filter(({ x, y, z }) => Math.hypot(x, y, z) > 0.01);
  fc.assert(
    fc.property(shape, vector(5), vector(8), direction, (hitbox, at, origin, way) => {
      const length = Math.hypot(way.x, way.y, way.z);
      const d = { x: way.x / length, y: way.y / length, z: way.z / length };
      const pointAt = (t: number) => ({
        x: origin.x + d.x * t,
        y: origin.y + d.y * t,
        z: origin.z + d.z * t,
      });
      const hit = rayHit({ origin, direction: d }, hitbox, at);
      const until = Math.min(hit, FAR);
      for (let i = 0; i < STEPS; i++) {
        expect(distanceTo(hitbox, at, pointAt((until * i) / STEPS))).toBeGreaterThan(hit === 0 ? -99 : -1e-6);
      }
      if (hit === 0) expect(distanceTo(hitbox, at, origin)).toBeLessThan(1e-6);
      else if (hit < FAR) expect(distanceTo(hitbox, at, pointAt(hit))).toBeCloseTo(0, 5);
    }),
    { numRuns: 1000 },
  );
});

const straight = (hitbox: Hitbox, y = 0, x = -5) =>
  rayHit({ origin: { x, y, z: 0 }, direction: { x: 1, y: 0, z: 0 } }, hitbox, { x: 0, y: 0, z: 0 });

test('distances that one can see', () => {
  expect(straight(sphere({ radius: 1 }))).toBe(4);
  expect(straight(sphere({ radius: 1 }), 1.01)).toBe(Number.POSITIVE_INFINITY);
  expect(straight(sphere({ radius: 1 }), 0, 5)).toBe(Number.POSITIVE_INFINITY);
  expect(straight(sphere({ radius: 1 }), 0, 0.5)).toBe(0);
  expect(straight(sphere({ center: { x: 0, y: 2 }, radius: 1 }), 2)).toBe(4);
  const person = capsule({ from: { x: 0, y: 0.4 }, to: { x: 0, y: 1.4 }, radius: 0.4 });
  expect(straight(person, 1)).toBeCloseTo(4.6, 12);
  expect(straight(person, 1.79)).toBeGreaterThan(4.6);
  expect(straight(person, 1.81)).toBe(Number.POSITIVE_INFINITY);
  expect(straight(capsule({ from: { x: 0, y: 0 }, to: { x: 2, y: 0 }, radius: 1 }))).toBe(4);
  expect(straight(box({ half: { x: 1, y: 2 } }))).toBe(4);
  expect(straight(box({ half: { x: 1, y: 2 } }), 2)).toBe(4);
  expect(straight(box({ half: { x: 1, y: 2 } }), 2.1)).toBe(Number.POSITIVE_INFINITY);
});

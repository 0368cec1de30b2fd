import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Vec3 } from '../core/component.ts';
import { box, capsule, type Hitbox, sphere } from '../core/hitbox.ts';
import { touches, volumeReach } from './touch.ts';

/** Evenly spread, as `fc.double` is not. */
const number = (max: number) => fc.integer({ min: -1000, max: 1000 }).map((part) => (part * max) / 1000);
const vector = (max: number) => fc.record({ x: number(max), y: number(max), z: number(max) });
const size = fc.integer({ min: 50, max: 2000 }).map((part) => part / 1000);
const shape: fc.Arbitrary<Hitbox> = fc.oneof(
  fc.record({ center: vector(3), radius: size }).map(sphere),
  fc.record({ from: vector(3), to: vector(3), radius: size }).map(capsule),
  fc.record({ center: vector(3), half: fc.record({ x: size, y: size, z: size }) }).map(box),
);
const HERE = { x: 0, y: 0, z: 0 };
const AXES = ['x', 'y', 'z'] as const;

/** The nearest point of a shape's core: a point, a line, or the box itself. */
function nearest(hitbox: Hitbox, to: Vec3): Vec3 {
  if (hitbox.kind === 'sphere') return hitbox.center;
  if (hitbox.kind === 'box') {
    const clamped = AXES.map((axis) => {
      const { center, half } = hitbox;
      return Math.max(center[axis] - half[axis], Math.min(center[axis] + half[axis], to[axis]));
    });
    return { x: clamped[0]!, y: clamped[1]!, z: clamped[2]! };
  }
  const { from } = hitbox;
  const way = { x: hitbox.to.x - from.x, y: hitbox.to.y - from.y, z: hitbox.to.z - from.z };
  const length2 = way.x ** 2 + way.y ** 2 + way.z ** 2;
  const along = (to.x - from.x) * way.x + (to.y - from.y) * way.y + (to.z - from.z) * way.z;
  const place = length2 === 0 ? 0 : Math.max(0, Math.min(1, along / length2));
  return { x: from.x + way.x * place, y: from.y + way.y * place, z: from.z + way.z * place };
}

const radiusOf = (hitbox: Hitbox) => (hitbox.kind === 'box' ? 0 : hitbox.radius);
const apart = (a: Vec3, b: Vec3) => Math.hypot(a.x - b.x, a.y - b.y, a.z - b.z);

/** Projecting from one convex core to the other and back ends at their nearest points (J. von Neumann). */
function gap(a: Hitbox, b: Hitbox): number {
  let p: Vec3 = { x: 0, y: 0, z: 0 };
  let q = p;
  for (let i = 0; i < 3000; i++) {
    q = nearest(b, p);
    p = nearest(a, q);
  }
  return apart(p, q) - radiusOf(a) - radiusOf(b);
}

test('two shapes touch when their cores are near enough, either way round and wherever they stand', () => {
  let touching = 0;
  fc.assert(
    fc.property(shape, shape, vector(3), (a, b, at) => {
      const distance = gap(a, b);
      if (Math.abs(distance) < 0.01) return;
      if (distance < 0) touching++;
      expect(touches(a, HERE, b)).toBe(distance < 0);
      expect(touches(b, HERE, a)).toBe(distance < 0);
      // Both carried by the same way.
      expect(touches(a, at, carried(b, at))).toBe(distance < 0);
      const { center, radius } = volumeReach(b);
      const point = nearest(b, at);
      expect(apart(point, center)).toBeLessThanOrEqual(radius + 1e-9);
    }),
    { numRuns: 1500 },
  );
  expect(touching).toBeGreaterThan(100);
});

function carried(shape: Hitbox, by: Vec3): Hitbox {
  const moved = ({ x, y, z }: Vec3) => ({ x: x + by.x, y: y + by.y, z: z + by.z });
  return shape.kind === 'capsule'
    ? { ...shape, from: moved(shape.from), to: moved(shape.to) }
    : { ...shape, center: moved(shape.center) };
}

test('what just meets touches', () => {
  const ball = sphere({ radius: 1 });
  expect(touches(ball, HERE, sphere({ center: { x: 3, y: 0 }, radius: 2 }))).toBe(true);
  expect(touches(ball, HERE, sphere({ center: { x: 3.01, y: 0 }, radius: 2 }))).toBe(false);
  expect(
    touches(box({ half: { x: 1, y: 1 } }), HERE, box({ center: { x: 3, y: 0 }, half: { x: 2, y: 1 } })),
  ).toBe(true);
  // Beside the corner of a box, where both sides are near enough and the corner is not.
  const corner = { x: 2.8, y: 2.8 };
  expect(touches(box({ half: { x: 2, y: 2 } }), HERE, sphere({ center: corner, radius: 1 }))).toBe(false);
  expect(touches(box({ half: { x: 2, y: 2 } }), HERE, sphere({ center: corner, radius: 1.2 }))).toBe(true);
});

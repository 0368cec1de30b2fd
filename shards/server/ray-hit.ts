/**
 * Where a ray first meets a shape. Only sums, products, quotients and square roots, so that a replay finds the same
 * on every machine. [T1]
 * Source of the capsule: I. Quilez, "Capsule - intersection", https://iquilezles.org/articles/intersectors/.
 */
import type { Vec3 } from '../core/component.ts';
import type { Hitbox } from '../core/hitbox.ts';

export interface Ray {
  readonly origin: Readonly<Vec3>;
  /** Of length 1. */
  readonly direction: Readonly<Vec3>;
}

/** The distance to a shape whose offsets count from `at`: 0 from inside, Infinity when the ray misses it. */
export function rayHit({ origin, direction }: Ray, shape: Hitbox, at: Readonly<Vec3>): number {
  const start = { x: origin.x - at.x, y: origin.y - at.y, z: origin.z - at.z };
  switch (shape.kind) {
    case 'sphere':
      return raySphere(minus(start, shape.center), direction, shape.radius);
    case 'capsule':
      return rayCapsule(minus(start, shape.from), direction, {
        axis: minus(shape.to, shape.from),
        radius: shape.radius,
      });
    case 'box':
      return rayBox(minus(start, shape.center), direction, shape.half);
  }
}

/** `start` is seen from the center, and so in the others below. */
export function raySphere(start: Readonly<Vec3>, direction: Readonly<Vec3>, radius: number): number {
  const outside = dot(start, start) - radius * radius;
  if (outside <= 0) return 0;
  const along = dot(start, direction);
  const square = along * along - outside;
  if (along > 0 || !(square >= 0)) return Number.POSITIVE_INFINITY;
  return -along - Math.sqrt(square);
}

/** `start` is seen from one end of the axis. */
function rayCapsule(
  start: Readonly<Vec3>,
  direction: Readonly<Vec3>,
  { axis, radius }: { axis: Vec3; radius: number },
): number {
  const length2 = dot(axis, axis);
  if (length2 === 0) return raySphere(start, direction, radius);
  const ahead = dot(axis, direction);
  const upTo = dot(axis, start);
  const along = dot(direction, start);
  const place = Math.max(0, Math.min(1, upTo / length2));
  const off = minus(start, scaled(axis, place));
  if (dot(off, off) <= radius * radius) return 0;
  const a = length2 - ahead * ahead;
  const b = length2 * along - upTo * ahead;
  const c = length2 * (dot(start, start) - radius * radius) - upTo * upTo;
  const square = b * b - a * c;
  // Beside the axis the capsule is a cylinder; a ray along it meets only the ends.
  if (a > 1e-12 * length2 && square >= 0) {
    const distance = (-b - Math.sqrt(square)) / a;
    const height = upTo + distance * ahead;
    if (distance >= 0 && height > 0 && height < length2) return distance;
  }
  return Math.min(raySphere(start, direction, radius), raySphere(minus(start, axis), direction, radius));
}

function rayBox(start: Readonly<Vec3>, direction: Readonly<Vec3>, half: Readonly<Vec3>): number {
  let enters = 0;
  let leaves = Number.POSITIVE_INFINITY;
  for (const axis of AXES) {
    const from = start[axis];
    const step = direction[axis];
    if (step === 0) {
      if (!(Math.abs(from) <= half[axis])) return Number.POSITIVE_INFINITY;
      continue;
    }
    const low = (-half[axis] - from) / step;
    const high = (half[axis] - from) / step;
    enters = Math.max(enters, Math.min(low, high));
    leaves = Math.min(leaves, Math.max(low, high));
  }
  return enters <= leaves ? enters : Number.POSITIVE_INFINITY;
}

const AXES = ['x', 'y', 'z'] as const;

export function dot(a: Readonly<Vec3>, b: Readonly<Vec3>): number {
  return a.x * b.x + a.y * b.y + a.z * b.z;
}

export function minus(a: Readonly<Vec3>, b: Readonly<Vec3>): Vec3 {
  return { x: a.x - b.x, y: a.y - b.y, z: a.z - b.z };
}

export function scaled(a: Readonly<Vec3>, by: number): Vec3 {
  return { x: a.x * by, y: a.y * by, z: a.z * by };
}

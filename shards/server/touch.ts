/** Whether two shapes have a point in common. Exact but for rounding; see ray-hit.ts for the arithmetic. [T1] */
import type { Vec3 } from '../core/component.ts';
import type { Box, Capsule, Hitbox, Sphere } from '../core/hitbox.ts';
import { dot, minus } from './ray-hit.ts';

/** The offsets of `shape` count from `at`, those of `volume` from the middle of the world. */
export function touches(shape: Hitbox, at: Readonly<Vec3>, volume: Hitbox): boolean {
  if (shape.kind === 'box') {
    const center = plus(shape.center, at);
    return volume.kind === 'box'
      ? boxBox({ ...shape, center }, volume)
      : roundBox(lineOf(volume), { ...shape, center });
  }
  const line = lineOf(shape);
  const placed = { ...line, from: plus(line.from, at), to: plus(line.to, at) };
  return volume.kind === 'box' ? roundBox(placed, volume) : roundRound(placed, lineOf(volume));
}

/** The smallest distance of a shape's points from `point` is at most this far; a quick answer before `touches`. */
export function volumeReach(volume: Hitbox): { center: Vec3; radius: number } {
  switch (volume.kind) {
    case 'sphere':
      return volume;
    case 'box':
      return { center: volume.center, radius: Math.sqrt(dot(volume.half, volume.half)) };
    case 'capsule': {
      const half = minus(volume.to, volume.from);
      const center = {
        x: volume.from.x + half.x / 2,
        y: volume.from.y + half.y / 2,
        z: volume.from.z + half.z / 2,
      };
      return { center, radius: volume.radius + Math.sqrt(dot(half, half)) / 2 };
    }
  }
}

type Line = Pick<Capsule, 'from' | 'to' | 'radius'>;

function lineOf(shape: Sphere | Capsule): Line {
  return shape.kind === 'sphere' ? { from: shape.center, to: shape.center, radius: shape.radius } : shape;
}

function boxBox(a: Box, b: Box): boolean {
  return (
    Math.abs(a.center.x - b.center.x) <= a.half.x + b.half.x &&
    Math.abs(a.center.y - b.center.y) <= a.half.y + b.half.y &&
    Math.abs(a.center.z - b.center.z) <= a.half.z + b.half.z
  );
}

/** Source: C. Ericson, Real-Time Collision Detection, 2005, section 5.1.9. */
function roundRound(a: Line, b: Line): boolean {
  const radius = a.radius + b.radius;
  const u = minus(a.to, a.from);
  const v = minus(b.to, b.from);
  const w = minus(a.from, b.from);
  const uu = dot(u, u);
  const vv = dot(v, v);
  const uv = dot(u, v);
  const uw = dot(u, w);
  const vw = dot(v, w);
  const cross = uu * vv - uv * uv;
  let s = cross > 0 ? unit((uv * vw - uw * vv) / cross) : 0;
  let t = vv > 0 ? (uv * s + vw) / vv : 0;
  if (t < 0 || t > 1) {
    t = unit(t);
    s = uu > 0 ? unit((uv * t - uw) / uu) : 0;
  } else if (vv === 0) s = uu > 0 ? unit(-uw / uu) : 0;
  const off = {
    x: w.x + u.x * s - v.x * t,
    y: w.y + u.y * s - v.y * t,
    z: w.z + u.z * s - v.z * t,
  };
  return dot(off, off) <= radius * radius;
}

/**
 * The square of the distance from a box is convex along a line, and a parabola between the places where the line
 * passes a side: its least is at one of these, or where a parabola between two of them is flat.
 */
function roundBox(line: Line, { center, half }: Box): boolean {
  const start = minus(line.from, center);
  const way = minus(line.to, line.from);
  const places = [0, 1];
  for (const axis of AXES) {
    if (way[axis] === 0) continue;
    places.push(unit((-half[axis] - start[axis]) / way[axis]), unit((half[axis] - start[axis]) / way[axis]));
  }
  places.sort((a, b) => a - b);
  let least = Number.POSITIVE_INFINITY;
  for (let i = 1; i < places.length; i++) {
    const from = places[i - 1]!;
    const to = places[i]!;
    least = Math.min(least, distance2({ start, way, half }, from), distance2({ start, way, half }, to));
    // Of a * t^2 + b * t + c, over those axes on which this part is outside.
    const middle = (from + to) / 2;
    let a = 0;
    let b = 0;
    for (const axis of AXES) {
      const at = start[axis] + way[axis] * middle;
      if (Math.abs(at) <= half[axis]) continue;
      a += way[axis] * way[axis];
      b += 2 * way[axis] * (start[axis] - Math.sign(at) * half[axis]);
    }
    if (a === 0) continue;
    const flat = Math.max(from, Math.min(to, -b / (2 * a)));
    least = Math.min(least, distance2({ start, way, half }, flat));
  }
  return least <= line.radius * line.radius;
}

function distance2({ start, way, half }: { start: Vec3; way: Vec3; half: Vec3 }, place: number): number {
  let sum = 0;
  for (const axis of AXES) {
    const outside = Math.max(0, Math.abs(start[axis] + way[axis] * place) - half[axis]);
    sum += outside * outside;
  }
  return sum;
}

const AXES = ['x', 'y', 'z'] as const;

function plus(a: Readonly<Vec3>, b: Readonly<Vec3>): Vec3 {
  return { x: a.x + b.x, y: a.y + b.y, z: a.z + b.z };
}

function unit(value: number): number {
  return Math.max(0, Math.min(1, value));
}

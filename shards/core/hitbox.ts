/**
 * The shapes that rays and volumes of a rewind meet: spheres, capsules, boxes along the axes. Those of an entity
 * are said as offsets from its position, those of a volume (`overlap`) as places of the world.
 */
import { assert } from '../../src/base/assert.ts';
import type { Vec3 } from './component.ts';

/** A place or a direction; in a world of vec2 there is no z. */
export interface Point {
  readonly x: number;
  readonly y: number;
  readonly z?: number;
}

export interface Sphere {
  readonly kind: 'sphere';
  readonly center: Readonly<Vec3>;
  readonly radius: number;
}

/** All points within `radius` of the line from `from` to `to`. */
export interface Capsule {
  readonly kind: 'capsule';
  readonly from: Readonly<Vec3>;
  readonly to: Readonly<Vec3>;
  readonly radius: number;
}

/** Along the axes, whichever way the entity looks. */
export interface Box {
  readonly kind: 'box';
  readonly center: Readonly<Vec3>;
  /** From the center to the sides. */
  readonly half: Readonly<Vec3>;
}

export type Hitbox = Sphere | Capsule | Box;

/** A circle in a world of vec2. Without a center it is around the entity's position. */
export function sphere({ center, radius }: { center?: Point; radius: number }): Sphere {
  return { kind: 'sphere', center: vec3(center), radius };
}

/** A person that stands on its position, 1.8 tall: `capsule({ from: { x: 0, y: 0.4, z: 0 }, to: { x: 0, y: 1.4, z: 0 }, radius: 0.4 })`. */
export function capsule({ from, to, radius }: { from: Point; to: Point; radius: number }): Capsule {
  return { kind: 'capsule', from: vec3(from), to: vec3(to), radius };
}

/** A rectangle in a world of vec2. */
export function box({ center, half }: { center?: Point; half: Point }): Box {
  return { kind: 'box', center: vec3(center), half: vec3(half) };
}

/** The greatest distance of a point of the hitbox from the entity's position. Throws for what is no shape. */
export function reachOf(hitbox: Hitbox): number {
  const reach = farthest(hitbox);
  assert(reach > 0 && Number.isFinite(reach), `a hitbox ${JSON.stringify(hitbox)}`);
  return reach;
}

function farthest(hitbox: Hitbox): number {
  switch (hitbox.kind) {
    case 'sphere':
      return length(hitbox.center) + positive(hitbox.radius);
    case 'capsule':
      return Math.max(length(hitbox.from), length(hitbox.to)) + positive(hitbox.radius);
    case 'box': {
      const { center, half } = hitbox;
      const corner = {
        x: Math.abs(center.x) + positive(half.x),
        y: Math.abs(center.y) + positive(half.y),
        z: Math.abs(center.z) + positive(half.z),
      };
      return length(corner);
    }
  }
}

function vec3({ x, y, z = 0 }: Point = { x: 0, y: 0 }): Vec3 {
  return { x, y, z };
}

function positive(size: number): number {
  return size >= 0 ? size : Number.NaN;
}

function length({ x, y, z }: Readonly<Vec3>): number {
  return Math.sqrt(x * x + y * y + z * z);
}

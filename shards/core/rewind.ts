/**
 * Rewind: the world as a player saw it when he made the input of this tick. What a definition says of it, and what
 * `world.rewind` gives; server/history.ts keeps the past, server/rewound.ts answers. Only a definition that has
 * `rewind` pays for it: in memory, and in a few bits of each input.
 */
import type { Components, Vec3 } from './component.ts';
import type { Hitbox, Point } from './hitbox.ts';
import type { Row } from './record-type.ts';

/** Methods, so that it may be declared for fewer components than the definition has. */
export interface RewindSpec<C extends Components> {
  /**
   * What is remembered of each entity; 4 bytes per number, entity and frame. Texts cannot be. The first vec2 or vec3
   * among them is where an entity is; between two frames it goes as that component is drawn (`drawn`, `teleport`).
   */
  readonly components: readonly (keyof C & string)[];
  /** How far back a player may see, from 50 to 4000; default 1000. Whoever says more sees what was then. */
  readonly ms?: number;
  /** By name. Without any, `raycast` takes a radius and `overlap` finds positions. */
  readonly hitboxes?: Readonly<Record<string, Hitbox>>;
  /**
   * The names of an entity's hitboxes at that time, none if it cannot be hit; left out, every entity has all. It sees
   * `components` only, and is asked of the few that are near a ray.
   */
  hitbox?(entity: Readonly<Row<C>>): string | readonly string[] | undefined;
}

export interface RayOptions<C extends Components> {
  /** How far the ray goes. */
  readonly length: number;
  /** Takes every entity as a sphere of this radius around its position, instead of its hitboxes. */
  readonly radius?: number;
  /** Whether this entity may be hit; asked of the few that are near the ray. It has `components` only. */
  filter?(entity: Readonly<Row<C>>): boolean;
}

export interface RayHit {
  /** The entity; of several at the same distance the one with the smallest id. */
  readonly id: number;
  /** From the origin; 0 when that is inside. */
  readonly distance: number;
  readonly point: Vec3;
  /** The name of the hitbox; undefined when the ray was cast with a radius. */
  readonly hitbox: string | undefined;
}

/**
 * The world as one player saw it, between two frames. Valid in the tick in which it was made; later it throws Fault
 * `invalid`. The player's own entity is not found by `near`, `raycast` and `overlap`: he does not see himself in the
 * past. Entities are those that he could see drawn: one that was born later or gone by then is not there, one that
 * has been despawned since is. What his interest hid from him is there, too.
 */
export interface Rewound<C extends Components> {
  /** The moment, in ticks with fractions. */
  readonly tick: number;
  /** In units of the position; z is 0 in a world of vec2. Undefined for who was not there. */
  positionAt(id: number): Vec3 | undefined;
  /** The remembered components; the object is used again by the next question to any rewind of this tick. */
  at(id: number): Readonly<Row<C>> | undefined;
  /** Ids of those whose position is within `radius`, the nearest first. */
  near(point: Point, radius: number): number[];
  /** The first that a ray meets. A direction of no length meets nothing. */
  raycast(origin: Point, direction: Point, options: RayOptions<C>): RayHit | undefined;
  /** Ids of those of whom a hitbox touches the volume, in order. */
  overlap(volume: Hitbox): number[];
}

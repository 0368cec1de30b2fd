/**
 * `world.rewind(player)`: questions about one moment of the past. Made by rewinder.ts; the moment's columns are shared,
 * so several questions of one player are cheaper than questions of several.
 */
import { Fault } from '../../src/base/fault.ts';
import type { Components, Vec3 } from '../core/component.ts';
import { type Hitbox, type Point, sphere } from '../core/hitbox.ts';
import type { Row } from '../core/record-type.ts';
import type { RayHit, RayOptions, Rewound } from '../core/rewind.ts';
import type { Moment } from './moment.ts';
import { type Ray, rayHit } from './ray-hit.ts';
import { touches, volumeReach } from './touch.ts';

export class PastWorld implements Rewound<Components> {
  readonly tick: number;
  readonly #moment: Moment;
  /** The player's own entity. */
  readonly #own: number;
  readonly #recorded: number;

  constructor(moment: Moment, tick: number, own: number) {
    this.#moment = moment;
    this.tick = tick;
    this.#own = own;
    this.#recorded = moment.history.newest;
  }

  positionAt(id: number): Vec3 | undefined {
    const moment = this.#go();
    const row = moment.rowOf(id);
    return row === -1 ? undefined : moment.position(row);
  }

  at(id: number): Row<Components> | undefined {
    const moment = this.#go();
    const row = moment.rowOf(id);
    return row === -1 ? undefined : moment.entity(row);
  }

  near(point: Point, radius: number): number[] {
    const { count, ids, x, y, z } = this.#go();
    const found: { id: number; square: number }[] = [];
    const pz = point.z ?? 0;
    for (let i = 0; i < count; i++) {
      const dx = x[i]! - point.x;
      const dy = y[i]! - point.y;
      const dz = z[i]! - pz;
      const square = dx * dx + dy * dy + dz * dz;
      if (square <= radius * radius && ids[i] !== this.#own) found.push({ id: ids[i]!, square });
    }
    return found.sort((a, b) => a.square - b.square || a.id - b.id).map(({ id }) => id);
  }

  raycast(origin: Point, direction: Point, options: RayOptions<Components>): RayHit | undefined {
    const moment = this.#go();
    const { count, ids, x, y, z } = moment;
    const ray = rayOf(origin, direction);
    if (!ray) return undefined;
    const { origin: o, direction: d } = ray;
    const reach = this.#reach(options.radius);
    let best: { id: number; distance: number; hitbox: string | undefined } | undefined;
    let far = options.length;
    for (let i = 0; i < count; i++) {
      const dx = x[i]! - o.x;
      const dy = y[i]! - o.y;
      const dz = z[i]! - o.z;
      const along = dx * d.x + dy * d.y + dz * d.z;
      // Written so that an endless or senseless length finds what it can, and never more.
      const nearest = along < 0 ? 0 : along < far ? along : far;
      const ex = dx - d.x * nearest;
      const ey = dy - d.y * nearest;
      const ez = dz - d.z * nearest;
      if (!(ex * ex + ey * ey + ez * ez <= reach * reach)) continue;
      const id = ids[i]!;
      if (id === this.#own) continue;
      const hit = this.#hit(ray, i, options);
      if (!hit || !(hit.distance <= far)) continue;
      if (best && hit.distance === best.distance && id > best.id) continue;
      best = { id, ...hit };
      far = hit.distance;
    }
    if (!best) return undefined;
    const point = { x: o.x + d.x * far, y: o.y + d.y * far, z: o.z + d.z * far };
    return { id: best.id, distance: best.distance, point, hitbox: best.hitbox };
  }

  overlap(volume: Hitbox): number[] {
    const { count, ids, x, y, z } = this.#go();
    const { hitboxes } = this.#moment.history.plan.spec;
    const { center, radius } = volumeReach(volume);
    const reach = radius + this.#moment.history.plan.reach;
    const found: number[] = [];
    for (let i = 0; i < count; i++) {
      const dx = x[i]! - center.x;
      const dy = y[i]! - center.y;
      const dz = z[i]! - center.z;
      if (!(dx * dx + dy * dy + dz * dz <= reach * reach) || ids[i] === this.#own) continue;
      const at = { x: x[i]!, y: y[i]!, z: z[i]! };
      const names = hitboxes ? this.#hitboxesOf(this.#moment.rows[i]!) : undefined;
      const touched = names
        ? names.some((name) => touches(this.#hitbox(name), at, volume))
        : touches(POINT, at, volume);
      if (touched) found.push(ids[i]!);
    }
    return found.sort((a, b) => a - b);
  }

  /** The first hitbox of the `i`-th entity that the ray meets. */
  #hit(
    ray: Ray,
    i: number,
    { radius, filter }: RayOptions<Components>,
  ): { distance: number; hitbox: string | undefined } | undefined {
    const moment = this.#moment;
    const row = moment.rows[i]!;
    const at = { x: moment.x[i]!, y: moment.y[i]!, z: moment.z[i]! };
    if (filter && !filter(moment.entity(row))) return undefined;
    moment.go(this.tick); // the filter may have asked about another one
    if (radius !== undefined) return { distance: rayHit(ray, sphere({ radius }), at), hitbox: undefined };
    let first: { distance: number; hitbox: string } | undefined;
    for (const hitbox of this.#hitboxesOf(row)) {
      const distance = rayHit(ray, this.#hitbox(hitbox), at);
      if (distance < (first?.distance ?? Number.POSITIVE_INFINITY)) first = { distance, hitbox };
    }
    return first;
  }

  #reach(radius: number | undefined): number {
    const { spec, reach } = this.#moment.history.plan;
    if (radius !== undefined) return radius;
    if (!spec.hitboxes) throw new Fault('invalid', 'a ray without a radius needs rewind.hitboxes');
    return reach;
  }

  /** The names of the hitboxes of the entity in a row. */
  #hitboxesOf(row: number): readonly string[] {
    const moment = this.#moment;
    const { spec, hitboxes } = moment.history.plan;
    if (!spec.hitbox) return hitboxes;
    const names = spec.hitbox(moment.entity(row));
    moment.go(this.tick);
    return names === undefined ? [] : typeof names === 'string' ? [names] : names;
  }

  #hitbox(name: string): Hitbox {
    const { hitboxes } = this.#moment.history.plan.spec;
    if (!hitboxes || !Object.hasOwn(hitboxes, name))
      throw new Fault('invalid', `no hitbox ${JSON.stringify(name)}`);
    return hitboxes[name]!;
  }

  #go(): Moment {
    const moment = this.#moment;
    if (moment.history.newest !== this.#recorded)
      throw new Fault('invalid', 'this rewind was of another tick');
    moment.go(this.tick);
    return moment;
  }
}

/** What an entity is without hitboxes. */
const POINT = sphere({ radius: 0 });

/** Undefined when it goes nowhere. */
function rayOf(origin: Point, direction: Point): Ray | undefined {
  const { x, y, z = 0 } = direction;
  const length = Math.sqrt(x * x + y * y + z * z);
  if (!(length > 0) || length === Number.POSITIVE_INFINITY) return undefined;
  return {
    origin: { x: origin.x, y: origin.y, z: origin.z ?? 0 },
    direction: { x: x / length, y: y / length, z: z / length },
  };
}

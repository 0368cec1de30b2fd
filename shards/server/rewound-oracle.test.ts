/** Rewinds of worlds in which everything happens, against a model that knows no columns and tries every entity. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { DrawMode } from '../core/component.ts';
import { box, sphere } from '../core/hitbox.ts';
import { hitboxes, pastOf, TELEPORT } from './past-for-tests.ts';
import { rayHit } from './ray-hit.ts';
import { touches } from './touch.ts';

interface Known {
  x: number;
  y: number;
  z: number;
  yaw: number;
  kind: string;
}
type Frame = Map<number, Known>;

interface Past {
  readonly frames: ReadonlyMap<number, Frame>;
  readonly every: number;
  readonly oldest: number;
  readonly draw: DrawMode;
}

/** What was drawn at a moment. */
function drawnAt({ frames, every, oldest, draw }: Past, tick: number): Frame {
  const first = Math.floor(tick / every) * every;
  const from = frames.get(first)!;
  const to = frames.get(first + every) ?? from;
  const before = first - every >= oldest ? frames.get(first - every) : undefined;
  const share = (tick - first) / every;
  const drawn = new Map<number, Known>();
  for (const [id, a] of from) {
    const stays = to.has(id);
    const b = to.get(id) ?? a;
    const e = before?.get(id);
    const far = AXES.some((axis) => Math.abs(b[axis] - a[axis]) > TELEPORT + 1e-9);
    const axis = (of: 'x' | 'y' | 'z') => {
      if (draw === 'snap' || far || !stays) return a[of];
      const way = b[of] - a[of];
      const pace = e ? a[of] - e[of] : Number.POSITIVE_INFINITY;
      if (draw === 'linear' || Math.abs(pace) > TELEPORT + 1e-9) return a[of] + way * share;
      // The cubic through both ends with a slope of `pace` at the first and of `way` at the second.
      const [s2, s3] = [share ** 2, share ** 3];
      const ends = a[of] * (2 * s3 - 3 * s2 + 1) + b[of] * (3 * s2 - 2 * s3);
      return ends + pace * (s3 - 2 * s2 + share) + way * (s3 - s2);
    };
    let turn = b.yaw - a.yaw;
    if (turn > Math.PI) turn -= 2 * Math.PI;
    if (turn < -Math.PI) turn += 2 * Math.PI;
    // Half a turn may go either way.
    const yaw = Math.abs(turn) > 3.14 ? Number.NaN : a.yaw + turn * share;
    drawn.set(id, { x: axis('x'), y: axis('y'), z: axis('z'), yaw, kind: a.kind });
  }
  return drawn;
}

const AXES = ['x', 'y', 'z'] as const;

// Not on a border of what is asked, where a rounding error decides.
const coordinate = fc.integer({ min: -400, max: 400 }).map((cm) => cm / 100);
const length = (max: number) => fc.integer({ min: 0, max: max * 100 }).map((cm) => cm / 100 + 0.0037);
const place = fc.record({ x: coordinate, y: coordinate, z: coordinate });
const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('spawn' as const), position: place, cart: fc.boolean() }),
  },
  fc.record({ do: fc.constant('despawn' as const), which: fc.nat() }),
  fc.record({
    do: fc.constant('move' as const),
    by: fc.record({ x: number(0.6), y: number(0.2), z: number(0.6) }),
    turn: number(3),
  }),
  fc.record({ do: fc.constant('teleport' as const), which: fc.nat(), position: place }),
  { weight: 3, arbitrary: fc.record({ do: fc.constant('tick' as const) }) },
);
const NUDGES = [-1e-7, 1e-7].flatMap((by) => [
  { x: by, y: 0, z: 0 },
  { x: 0, y: by, z: 0 },
  { x: 0, y: 0, z: by },
]);
function number(max: number) {
  return fc.integer({ min: -100, max: 100 }).map((part) => (part * max) / 100);
}
const question = fc.record({
  moment: fc.integer({ min: 0, max: 1000 }).map((part) => part / 1000),
  own: fc.integer({ min: 0, max: 20 }),
  from: place,
  way: place.filter(({ x, y, z }) => Math.hypot(x, y, z) > 0.01),
  length: length(20),
  radius: length(4),
  volume: fc.oneof(
    fc.record({ center: place, radius: length(3) }).map(sphere),
    fc.record({ center: place, half: fc.record({ x: length(3), y: length(3), z: length(3) }) }).map(box),
  ),
});

test.each([
  [1, 'linear'],
  [3, 'linear'],
  [1, 'hermite'],
  [2, 'snap'],
] as const)(
  '[T13] what is found is what was drawn, with a frame every %i ticks and %s positions',
  (every, draw) => {
    let hits = 0;
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 20, maxLength: 120, size: 'max' }),
        fc.array(question, { maxLength: 8, size: 'max' }),
        (steps, questions) => {
          const { world, history, tick, at } = pastOf(
            { hitbox: ({ kind }) => (kind === 'cart' ? 'cart' : ['body', 'head']) },
            { everyTicks: every, draw },
          );
          const frames = new Map<number, Frame>();
          const record = () => {
            if (world.tick % every !== 0) return;
            const frame: Frame = new Map();
            for (const { id, position, yaw, kind } of world.entities) {
              frame.set(id, { x: position.x, y: position.y, z: position.z, yaw, kind });
            }
            frames.set(world.tick, frame);
          };
          history.record();
          record();
          for (const each of [...steps, { do: 'tick' as const }]) {
            const one = 'which' in each ? world.entities[each.which % world.entities.length] : undefined;
            if (each.do === 'spawn')
              world.spawn({ position: each.position, kind: each.cart ? 'cart' : 'person' });
            else if (each.do === 'despawn') world.despawn(one?.id ?? 0);
            else if (each.do === 'teleport' && one) one.position = each.position;
            else if (each.do === 'move') {
              for (const { position } of world.entities) {
                position.x += each.by.x;
                position.y += each.by.y;
                position.z += each.by.z;
              }
              for (const entity of world.entities) entity.yaw += each.turn;
            } else if (each.do === 'tick') {
              tick();
              record();
            }
          }
          const oldest = history.clamp(0);
          for (const { moment, own, from, way, length, radius, volume } of questions) {
            const when = oldest + (history.newest - oldest) * moment;
            const past = at(when, own);
            const known = drawnAt({ frames, every, oldest, draw }, when);
            const others = [...known].filter(([id]) => id !== own);
            for (let id = 0; id < 12; id++) {
              const there = known.get(id);
              const found = past.positionAt(id);
              expect(found === undefined).toBe(there === undefined);
              if (!there || !found) continue;
              expect(Math.hypot(found.x - there.x, found.y - there.y, found.z - there.z)).toBeLessThan(1e-9);
              const entity = past.at(id)!;
              expect(entity.id).toBe(id);
              expect(entity.kind).toBe(there.kind);
              if (!Number.isNaN(there.yaw)) expect(entity.yaw).toBeCloseTo(there.yaw, 9);
            }
            const near = others
              .map(([id, p]) => ({ id, distance: Math.hypot(p.x - from.x, p.y - from.y, p.z - from.z) }))
              .filter(({ distance }) => distance <= radius)
              .sort((a, b) => a.distance - b.distance || a.id - b.id);
            const found = past.near(from, radius);
            expect([...found].sort((a, b) => a - b)).toEqual(near.map(({ id }) => id).sort((a, b) => a - b));
            // Who is as near as another but for a rounding error may come first.
            const distances = found.map((id) => near.find((one) => one.id === id)!.distance);
            for (const [i, { distance }] of near.entries()) expect(distances[i]).toBeCloseTo(distance, 9);
            const touched = others.filter(([, p]) =>
              namesOf(p).some((name) => touches(hitboxes[name], p, volume)),
            );
            expect(past.overlap(volume)).toEqual(touched.map(([id]) => id).sort((a, b) => a - b));
            const long = Math.hypot(way.x, way.y, way.z);
            const direction = { x: way.x / long, y: way.y / long, z: way.z / long };
            const metFrom = (origin: typeof from) =>
              others
                .flatMap(([id, p]) =>
                  namesOf(p).map((hitbox) => ({
                    id,
                    hitbox,
                    distance: rayHit({ origin, direction }, hitboxes[hitbox], p),
                  })),
                )
                .filter(({ distance }) => distance <= length)
                .sort((a, b) => a.distance - b.distance || a.id - b.id);
            const met = metFrom(from);
            // Of a ray that grazes an edge, a rounding error decides.
            const grazes = NUDGES.some(({ x, y, z }) => {
              const nudged = { x: from.x + x, y: from.y + y, z: from.z + z };
              return (metFrom(nudged).length === 0) !== (met.length === 0);
            });
            if (grazes) continue;
            const hit = past.raycast(from, way, { length });
            expect(hit === undefined).toBe(met[0] === undefined);
            if (!hit || !met[0]) continue;
            hits++;
            expect(hit.distance).toBeCloseTo(met[0].distance, 9);
            const first = met.filter(({ distance }) => distance - hit.distance < 1e-9);
            const one = first.find(
              ({ id, hitbox }) => id === hit.id && (hit.distance === 0 || hitbox === hit.hitbox),
            );
            expect(one).toBeDefined();
            expect(hit.point.x).toBeCloseTo(from.x + direction.x * hit.distance, 9);
          }
        },
      ),
      { numRuns: 300 },
    );
    expect(hits).toBeGreaterThan(50);
  },
);

function namesOf({ kind }: Known): (keyof typeof hitboxes)[] {
  return kind === 'cart' ? ['cart'] : ['body', 'head'];
}

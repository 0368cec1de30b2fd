import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isFault } from '../../src/base/fault.ts';
import { c } from '../core/components.ts';
import { box, capsule, sphere } from '../core/hitbox.ts';
import { RecordType } from '../core/record-type.ts';
import type { RewindSpec } from '../core/rewind.ts';
import { planRewind } from '../core/rewind-plan.ts';
import { WorldColumns } from '../core/world-columns.ts';
import { History } from './history.ts';
import { Moment } from './moment.ts';
import { rayHit } from './ray-hit.ts';
import { PastWorld } from './rewound.ts';
import { touches } from './touch.ts';

const TELEPORT = 4;
const components = {
  position: c.vec3({ min: -64, max: 64, step: 0.01 }),
  yaw: c.angle({ bits: 10 }),
  kind: c.enum('person', 'ghost'),
  name: c.string(),
};
type Spec = RewindSpec<typeof components>;
const hitboxes = {
  body: capsule({ from: { x: 0, y: 0.4 }, to: { x: 0, y: 1.2 }, radius: 0.4 }),
  head: sphere({ center: { x: 0, y: 1.6 }, radius: 0.25 }),
  cart: box({ half: { x: 1, y: 0.5, z: 0.7 } }),
};

function pastOf(spec: Partial<Spec> = {}, snapshotEvery = 1) {
  const type = new RecordType(components);
  const whole: Spec = {
    components: ['position', 'yaw', 'kind'],
    ms: 500,
    teleport: TELEPORT,
    hitboxes,
    ...spec,
  };
  const plan = planRewind(whole, type, { tickRate: 30, snapshotEvery });
  const world = new WorldColumns<typeof components, Record<never, never>>(type, {
    seed: 'a',
    stepSeed: 'b',
    maxEntities: 1000,
    emit: () => {},
  });
  const history = new History(plan, world as never);
  const moment = new Moment(history);
  return {
    world,
    history,
    tick() {
      world.tick++;
      history.record();
    },
    at: (tick: number, own = 0) => new PastWorld(moment, history.clamp(tick), own),
  };
}

interface Known {
  x: number;
  y: number;
  z: number;
  yaw: number;
  kind: string;
}
type Frame = Map<number, Known>;

/** What is known of the past, without columns or rows. */
function knownAt(frames: Map<number, Frame>, tick: number, every: number): Frame {
  const first = Math.floor(tick / every) * every;
  const from = frames.get(first)!;
  const to = frames.get(first + every) ?? from;
  const share = (tick - first) / every;
  const drawn = new Map<number, Known>();
  for (const [id, a] of from) {
    const b = to.get(id);
    const far =
      b && Math.max(Math.abs(b.x - a.x), Math.abs(b.y - a.y), Math.abs(b.z - a.z)) > TELEPORT + 1e-9;
    if (!b || far) drawn.set(id, a);
    else {
      let turn = b.yaw - a.yaw;
      if (turn > Math.PI) turn -= 2 * Math.PI;
      if (turn < -Math.PI) turn += 2 * Math.PI;
      drawn.set(id, {
        x: a.x + (b.x - a.x) * share,
        y: a.y + (b.y - a.y) * share,
        z: a.z + (b.z - a.z) * share,
        yaw: a.yaw + turn * share,
        kind: a.kind,
      });
    }
  }
  return drawn;
}

// Not on a border of what is asked, where a rounding error decides.
const coordinate = fc.integer({ min: -400, max: 400 }).map((cm) => cm / 100);
const length = (max: number) => fc.integer({ min: 0, max: max * 100 }).map((cm) => cm / 100 + 0.0037);
const place = fc.record({ x: coordinate, y: coordinate, z: coordinate });
const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('spawn' as const), position: place, ghost: fc.boolean() }),
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

test.each([1, 3])('what is found is what was there, with a frame every %i ticks', (every) => {
  let hits = 0;
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 20, maxLength: 120, size: 'max' }),
      fc.array(question, { maxLength: 8, size: 'max' }),
      (steps, questions) => {
        const { world, history, tick, at } = pastOf(
          { hitbox: ({ kind }) => (kind === 'ghost' ? 'cart' : ['body', 'head']) },
          every,
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
            world.spawn({ position: each.position, kind: each.ghost ? 'ghost' : 'person' });
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
          const known = knownAt(frames, when, every);
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
            expect(entity.yaw).toBeCloseTo(there.yaw, 9);
          }
          const near = others
            .map(([id, p]) => ({ id, distance: Math.hypot(p.x - from.x, p.y - from.y, p.z - from.z) }))
            .filter(({ distance }) => distance <= radius)
            .sort((a, b) => a.distance - b.distance || a.id - b.id);
          expect(past.near(from, radius)).toEqual(near.map(({ id }) => id));
          const touched = others.filter(([, p]) =>
            namesOf(p).some((name) => touches(hitboxes[name], p, volume)),
          );
          expect(past.overlap(volume)).toEqual(touched.map(([id]) => id).sort((a, b) => a - b));
          const long = Math.hypot(way.x, way.y, way.z);
          const direction = { x: way.x / long, y: way.y / long, z: way.z / long };
          const met = others
            .flatMap(([id, p]) =>
              namesOf(p).map((hitbox) => ({
                id,
                hitbox,
                distance: rayHit({ origin: from, direction }, hitboxes[hitbox], p),
              })),
            )
            .filter(({ distance }) => distance <= length)
            .sort((a, b) => a.distance - b.distance || a.id - b.id);
          const hit = past.raycast(from, way, { length });
          expect(hit?.id).toBe(met[0]?.id);
          if (!hit || !met[0]) continue;
          hits++;
          expect(hit.distance).toBeCloseTo(met[0].distance, 9);
          if (hit.distance > 0) expect(hit.hitbox).toBe(met[0].hitbox);
          expect(hit.point.x).toBeCloseTo(from.x + direction.x * hit.distance, 9);
        }
      },
    ),
    { numRuns: 300 },
  );
  expect(hits).toBeGreaterThan(50);
});

function namesOf({ kind }: Known): (keyof typeof hitboxes)[] {
  return kind === 'ghost' ? ['cart'] : ['body', 'head'];
}

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
  // 500 ms at 30 Hz are 15 ticks.
  expect(at(0).tick).toBe(25);
  expect(at(Number.NEGATIVE_INFINITY).positionAt(one.id)!.x).toBe(25);
  expect(at(1e9).positionAt(one.id)!.x).toBe(40);
});

test('a filter, a radius, and a ray that goes nowhere', () => {
  const { world, tick, at } = pastOf({ hitbox: ({ kind }) => (kind === 'ghost' ? undefined : 'body') });
  const ghost = world.spawn({ position: { x: 0, y: 0, z: 2 }, kind: 'ghost' }).id;
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
  const type = new RecordType({ position: components.position, yaw: components.yaw });
  const plan = planRewind({ components: ['position', 'yaw'] }, type, { tickRate: 30, snapshotEvery: 1 });
  const world = new WorldColumns(type, { seed: 'a', stepSeed: 'b', maxEntities: 300, emit: () => {} });
  const history = new History(plan, world as never);
  for (let i = 0; i < 300; i++) world.spawn();
  for (; world.tick <= 100; world.tick++) history.record();
  expect(history.bytes / (300 * 30)).toBeLessThanOrEqual(40);
  const before = history.bytes;
  for (; world.tick <= 200; world.tick++) history.record();
  expect(history.bytes).toBe(before);
});

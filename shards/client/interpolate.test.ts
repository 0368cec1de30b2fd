import { expect, test } from 'vitest';
import { c } from '../core/components.ts';
import { RecordType } from '../core/record-type.ts';
import { Snapshot } from '../core/snapshot.ts';
import { type Between, EntityViews } from './interpolate.ts';

const type = new RecordType({
  x: c.scalar({ min: -100, max: 100, step: 0.5 }),
  yaw: c.angle({ bits: 8 }),
  kind: c.enum('a', 'b'),
  name: c.string(),
  shield: c.optional(c.scalar({ min: 0, max: 1, step: 0.1 })),
});
type Some = Partial<{ x: number; yaw: number; kind: 'a' | 'b'; name: string; shield: number }>;

function snapshot(tick: number, entities: Record<number, Some>): Snapshot<typeof type.fields> {
  const made = new Snapshot(type);
  made.tick = tick;
  for (const [id, values] of Object.entries(entities)) {
    made.table.ids[made.count] = Number(id);
    type.assign(made.table.at(made.count++), values);
  }
  return made;
}

type Shot = Snapshot<typeof type.fields>;

function between(from: Shot, to: Shot, share: number, nowMs = 0, before = from): Between<typeof type.fields> {
  return { from, to, before, share, nowMs };
}

test('numbers go evenly, words and texts at the end', () => {
  const views = new EntityViews(type, { everyTicks: 1, correctionMs: 60 });
  const from = snapshot(1, { 7: { x: 10, kind: 'a', name: 'old' } });
  const to = snapshot(2, { 7: { x: 11, kind: 'b', name: 'new' } });
  views.show(between(from, to, 0.25));
  const [entity] = views.list;
  expect([entity!.id, entity!.x, entity!.kind, entity!.name]).toEqual([7, 10.25, 'a', 'old']);
  views.show(between(from, to, 1));
  expect([entity!.x, entity!.kind]).toEqual([11, 'b']);
  views.show(between(to, to, 0));
  expect(entity!.name).toBe('new');
});

test('angles go the shorter way round', () => {
  const views = new EntityViews(type, { everyTicks: 1, correctionMs: 60 });
  views.show(between(snapshot(1, { 1: { yaw: 3 } }), snapshot(2, { 1: { yaw: -3 } }), 0.5));
  const turned = views.list[0]!.yaw;
  expect(Math.abs(turned)).toBeGreaterThan(3);
  views.show(between(snapshot(3, { 1: { yaw: -0.5 } }), snapshot(4, { 1: { yaw: 0.5 } }), 0.5));
  expect(views.list[0]!.yaw).toBeCloseTo(0, 5);
});

test('a component that vanishes stays as it was until then', () => {
  const views = new EntityViews(type, { everyTicks: 1, correctionMs: 60 });
  const from = snapshot(1, { 1: { shield: 0.8 } });
  const to = snapshot(2, { 1: {} });
  views.show(between(from, to, 0.5));
  expect(views.list[0]!.shield).toBe(0.8);
  views.show(between(to, to, 0));
  expect(views.list[0]!.shield).toBeUndefined();
});

test('entities come and go; those who stay keep their objects, and so does an unchanged list', () => {
  const views = new EntityViews(type, { everyTicks: 1, correctionMs: 60 });
  const one = snapshot(1, { 1: { x: 1 }, 2: { x: 2 }, 3: { x: 3 } });
  const two = snapshot(2, { 1: { x: 1 }, 2: { x: 2 }, 3: { x: 3 } });
  const three = snapshot(3, { 1: { x: 1 }, 3: { x: 3 }, 4: { x: 4 }, 5: { x: 5 } });
  views.show(between(one, two, 0));
  const { list } = views;
  const third = list[2];
  views.show(between(two, three, 0.5));
  expect(views.list).toBe(list);
  views.show(between(three, three, 0));
  expect(views.list.map((entity) => [entity.id, entity.x])).toEqual([
    [1, 1],
    [3, 3],
    [4, 4],
    [5, 5],
  ]);
  expect(views.list[1]).toBe(third);
  expect(views.rowOf(2)).toBe(-1);
});

test('hermite: the pace does not change where two frames meet', () => {
  const curved = new RecordType({ x: c.scalar({ min: -100, max: 100, step: 0.01 }).drawn('hermite') });
  const at = (tick: number, x: number) => {
    const made = new Snapshot(curved);
    made.tick = tick;
    made.count = 1;
    made.table.ids[0] = 1;
    made.table.at(0).x = x;
    return made;
  };
  const frames = [at(1, 0), at(2, 1), at(3, 1.5), at(4, 1), at(5, 0)];
  const views = new EntityViews(curved, { everyTicks: 1, correctionMs: 60 });
  const drawn: number[] = [];
  for (let i = 1; i < 4; i++) {
    for (let n = 0; n < 100; n++) {
      const [before, from, to] = [frames[i - 1]!, frames[i]!, frames[i + 1]!];
      views.show({ before, from, to, share: n / 100, nowMs: 0 });
      drawn.push(views.list[0]!.x);
    }
  }
  const paces = drawn.slice(1).map((x, i) => (x - drawn[i]!) * 100);
  const changes = paces.slice(1).map((pace, i) => Math.abs(pace - paces[i]!));
  expect(drawn[0]).toBe(1);
  expect(drawn[100]).toBe(1.5);
  expect(drawn[200]).toBe(1);
  // A straight line would change by 0.5 and 1 at once.
  expect(Math.max(...changes)).toBeLessThan(0.1);
});

test('a teleport is shown at once, when its frame is reached; the rest of the entity goes on evenly', () => {
  const views = new EntityViews(type, { everyTicks: 1, correctionMs: 60 });
  const from = snapshot(1, { 1: { x: 0, yaw: 0 } });
  // A 32nd of 200 is 6.25: 6 is a fast walk, 6.5 is not.
  for (const [x, half] of [
    [6, 3],
    [6.5, 0],
  ] as const) {
    const to = snapshot(2, { 1: { x, yaw: 1 } });
    views.begin();
    views.show(between(from, to, 0.5));
    expect(views.list[0]!.x).toBe(half);
    expect(views.list[0]!.yaw).toBeCloseTo(0.5, 1);
    views.show(between(from, to, 1));
    expect(views.list[0]!.x).toBe(x);
  }
  // In two frames it may go twice as far.
  views.begin();
  views.show(between(from, snapshot(3, { 1: { x: 12 } }), 0.5));
  expect(views.list[0]!.x).toBe(6);
});

test('beyond the newest frame all goes on as it went, within its range', () => {
  const views = new EntityViews(type, { everyTicks: 1, correctionMs: 60 });
  const from = snapshot(1, { 1: { x: 96 } });
  const to = snapshot(2, { 1: { x: 98 }, 2: { x: 5 } });
  views.show(between(from, to, 1.5));
  expect(views.list.map((entity) => [entity.id, entity.x])).toEqual([
    [1, 99],
    [2, 5],
  ]);
  views.show(between(from, to, 3));
  expect(views.list[0]!.x).toBe(100);
});

test('after a guess what is drawn comes to what is right, half of the way in each correctionMs', () => {
  const views = new EntityViews(type, { everyTicks: 1, correctionMs: 60 });
  const [one, two, three] = [1, 2, 3].map((tick) => snapshot(tick, { 1: { x: tick === 3 ? 0 : tick * 2 } }));
  views.show(between(one!, two!, 2, 1000));
  const [entity] = views.list;
  expect(entity!.x).toBe(6);
  views.hold();
  for (const [ms, x] of [
    [1000, 6],
    [1060, 3],
    [1120, 1.5],
    [3000, 0],
  ] as const) {
    views.show(between(two!, three!, 1, ms));
    expect(entity!.x).toBeCloseTo(x, 9);
  }
});

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

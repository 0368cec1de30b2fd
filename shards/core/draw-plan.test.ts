import { expect, test } from 'vitest';
import { c } from './components.ts';
import { blend, drawPlan } from './draw-plan.ts';
import { RecordType } from './record-type.ts';

const plan = (component: Parameters<typeof one>[0]) => drawPlan(new RecordType(one(component))).lanes;
const one = <T>(component: T) => ({ only: component }) as { only: T & ReturnType<typeof c.int> };

test('each kind is drawn its own way, and another where the definition says so', () => {
  const range = { min: -10, max: 10, step: 0.5 };
  const blends = (component: unknown) => plan(component as never).map((lane) => lane.blend);
  expect(blends(c.vec2(range))).toEqual(['linear', 'linear']);
  expect(blends(c.vec2(range).drawn('hermite'))).toEqual(['hermite', 'hermite']);
  expect(blends(c.vec2(range).drawn('snap'))).toEqual(['snap', 'snap']);
  expect(blends(c.int({ min: 0, max: 9 }))).toEqual(['snap']);
  expect(blends(c.int({ min: 0, max: 9 }).drawn('linear'))).toEqual(['linear']);
  expect(blends(c.angle({ bits: 8 }).drawn('hermite'))).toEqual(['angle']);
  expect(blends(c.angle({ bits: 8 }).drawn('snap'))).toEqual(['snap']);
  expect(blends(c.optional(c.scalar(range)).drawn('hermite'))).toEqual(['snap', 'hermite']);
  expect(blends(c.bool())).toEqual(['snap']);
  expect(() => c.string().drawn('linear')).toThrow('a text is not drawn linear');
});

test('a teleport is told in units, and is a 32nd of the range where none is told', () => {
  const range = { min: -16, max: 16, step: 0.5 };
  const quanta = (component: unknown) => plan(component as never).at(-1)!.teleport;
  expect(quanta(c.scalar(range))).toBe(2);
  expect(quanta(c.scalar(range).teleport(4))).toBe(8);
  expect(quanta(c.vec3(range).teleport(4))).toBe(8);
  expect(quanta(c.optional(c.scalar(range)).teleport(4))).toBe(8);
  expect(quanta(c.int({ min: 0, max: 9 }).drawn('linear').teleport(3))).toBe(3);
  expect(quanta(c.vec2(range).teleport(Number.POSITIVE_INFINITY))).toBe(Number.POSITIVE_INFINITY);
  expect(quanta(c.angle({ bits: 8 }))).toBe(Number.POSITIVE_INFINITY);
  expect(() => c.vec2(range).teleport(-1)).toThrow('a teleport of -1');
  expect(() => quanta(c.struct({ a: c.scalar(range), b: c.scalar(range) }).teleport(1))).toThrow('no number');
});

test('values beyond the second go on as they went', () => {
  const [lane] = plan(c.scalar({ min: -10, max: 10, step: 0.5 }) as never);
  expect(blend(lane!, 2, 4, 1.5)).toBe(5);
});

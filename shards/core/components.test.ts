import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isFault } from '../../src/base/fault.ts';
import type { Component } from './component.ts';
import { c } from './components.ts';
import { RecordType } from './record-type.ts';

/** A cell that holds one value of a component. */
function cell<T>(component: Component<T>): { value: T } {
  const type = new RecordType({ value: component });
  return type.table(1).at(0);
}

test('numbers round to the step and clamp to the range', () => {
  const scalar = cell(c.scalar({ min: -1, max: 2, step: 0.01 }));
  scalar.value = 0.07;
  expect(scalar.value).toBe(0.07);
  scalar.value = 0.0749;
  expect(scalar.value).toBe(0.07);
  scalar.value = 99;
  expect(scalar.value).toBe(2);
  scalar.value = Number.NEGATIVE_INFINITY;
  expect(scalar.value).toBe(-1);
  scalar.value = Number.NaN;
  expect(scalar.value).toBe(-1);
  const int = cell(c.int({ min: 10, max: 20 }));
  expect(int.value).toBe(10);
  int.value = 12.6;
  expect(int.value).toBe(13);
  const uint = cell(c.uint({ max: 5 }));
  uint.value = -3;
  expect(uint.value).toBe(0);
});

test('what was read is written back unchanged, for any range and step', () => {
  const ranges = fc.record({
    min: fc.integer({ min: -5000, max: 0 }),
    max: fc.integer({ min: 1, max: 5000 }),
    step: fc.constantFrom(0.001, 0.01, 0.02, 0.05, 0.1, 0.25, 0.3, 0.5, 1, 2.5, 5),
  });
  fc.assert(
    fc.property(ranges, fc.double({ min: -6000, max: 6000, noNaN: true }), (range, written) => {
      const at = cell(c.scalar(range));
      at.value = written;
      const read = at.value;
      const clamped = Math.min(range.max, Math.max(range.min, written));
      expect(Math.abs(read - clamped)).toBeLessThanOrEqual(range.step / 2 + 1e-6);
      at.value = read;
      expect(at.value).toBe(read);
    }),
  );
});

test('what goes less than half a step in a tick stands still, in place and in turning', () => {
  const at = cell(c.scalar({ min: 0, max: 9, step: 0.01 }));
  const turned = cell(c.quaternion());
  const turn = (radians: number) => {
    const { y, w } = turned.value;
    turned.value = { x: 0, y: y + (w * radians) / 2, z: 0, w: w - (y * radians) / 2 };
  };
  for (let tick = 0; tick < 20; tick++) {
    at.value += 0.0049;
    turn((1.5 * Math.PI) / 180 / 20);
  }
  expect([at.value, turned.value.y]).toEqual([0, 0]);
  for (let tick = 0; tick < 20; tick++) {
    at.value += 0.0051;
    turn((2 * Math.PI) / 180 / 20);
  }
  expect(at.value).toBeCloseTo(0.2, 9);
  expect(turned.value.y).toBeGreaterThan(0.01);
});

test('angles wrap', () => {
  const at = cell(c.angle({ bits: 10 }));
  for (const turns of [-3, 0, 5]) {
    at.value = 1 + turns * 2 * Math.PI;
    expect(at.value).toBeCloseTo(1, 2);
  }
  at.value = Math.PI;
  expect(at.value).toBe(-Math.PI);
});

test('a word that is not in the list is a mistake', () => {
  const at = cell(c.enum('red', 'green'));
  expect(at.value).toBe('red');
  at.value = 'green';
  expect(at.value).toBe('green');
  expect(() => {
    (at as { value: string }).value = 'blue';
  }).toThrow('not one of red, green');
});

test('texts are cut behind a whole character and hold no lone surrogates', () => {
  const at = cell(c.string({ maxBytes: 8 }));
  at.value = 'abcdefghij';
  expect(at.value).toBe('abcdefgh');
  at.value = 'äöüßé';
  expect(at.value).toBe('äöüß');
  at.value = '1234567é';
  expect(at.value).toBe('1234567');
  at.value = 'a\ud800b';
  expect(at.value).toBe('a\ufffdb');
});

test('JSON is kept as its canonical text: null at first, one object until another value is written, and frozen', () => {
  const at = cell(c.json<{ items: string[]; open?: boolean }>());
  expect(at.value).toBeNull();
  at.value = { open: true, items: ['rope'] };
  const first = at.value!;
  expect(first).toEqual({ items: ['rope'], open: true });
  expect(Object.keys(first)).toEqual(['items', 'open']);
  at.value = { items: ['rope'], open: true };
  expect(at.value).toEqual(first);
  at.value = first;
  expect(at.value).toBe(at.value);
  expect(() => (first.items as string[]).push('knife')).toThrow('not extensible');
  at.value = null;
  expect(at.value).toBeNull();
});

test('[N3] JSON of as many bytes as the limit is kept, one of a byte more is refused, and so is what is no JSON', () => {
  const at = cell(c.json({ maxBytes: 16 }));
  at.value = ['0123456789é'];
  expect(at.value).toEqual(['0123456789é']);
  const thrown = (value: unknown): unknown => {
    try {
      (at as { value: unknown }).value = value;
    } catch (error) {
      return isFault(error) && error.code;
    }
    return undefined;
  };
  expect(thrown(['0123456789éa'])).toBe('too_large');
  const cycle: unknown[] = [];
  cycle.push(cycle);
  for (const wrong of [undefined, Number.NaN, [undefined], new Date(0), () => 1, cycle]) {
    expect(thrown(wrong)).toBe('invalid');
  }
  expect(at.value).toEqual(['0123456789é']);
  expect(() => c.json({ maxBytes: 4097 })).toThrow('4097 bytes');
});

test('what was read from a row may be written into JSON', () => {
  const type = new RecordType({ at: c.vec2({ min: 0, max: 9, step: 1 }), home: c.json() });
  const row = type.table(1).at(0);
  row.at = { x: 3, y: 4 };
  (row as { home: unknown }).home = { at: row.at };
  row.at.x = 5;
  expect(row.home).toEqual({ at: { x: 3, y: 4 } });
});

test('what is no id of an entity is none', () => {
  const at = cell(c.entityId());
  expect(at.value).toBe(0);
  at.value = 2 ** 31 - 1;
  expect(at.value).toBe(2 ** 31 - 1);
  for (const wrong of [-1, 1.5, 2 ** 31, Number.NaN]) {
    at.value = 7;
    at.value = wrong;
    expect(at.value).toBe(0);
  }
});

test('rates and audiences are said of whole components', () => {
  const rare = c.bool().every(2);
  expect(() => c.struct({ rare })).toThrow('of the whole component');
  expect(() => c.optional(c.bool().visibleTo('owner'))).toThrow('of the whole component');
  expect(c.optional(c.bool()).every(2).everyFrames).toBe(2);
});

test('vectors and structs are views that write through, always the same object', () => {
  const type = new RecordType({
    position: c.vec3({ min: -10, max: 10, step: 0.5 }),
    motion: c.struct({
      speed: c.scalar({ min: 0, max: 9, step: 1 }),
      turn: c.vec2({ min: -1, max: 1, step: 0.5 }),
    }),
  });
  const table = type.table(2);
  const row = table.at(1);
  const { position } = row;
  row.position = { x: 1.2, y: 99, z: -3 };
  expect(JSON.parse(JSON.stringify(row.position))).toEqual({ x: 1, y: 10, z: -3 });
  position.x += 2;
  expect(row.position.x).toBe(3);
  row.motion = { speed: 4, turn: { x: 1, y: -1 } };
  row.motion.turn.x = 0.4;
  expect(row.motion.turn.x).toBe(0.5);
  expect(row.motion.speed).toBe(4);
  expect(row.position).toBe(position);
  expect(table.at(0).position.x).toBe(0);
});

test('an optional component is undefined, or a view of its own', () => {
  const type = new RecordType({
    target: c.optional(c.vec2({ min: 0, max: 9, step: 1 })),
    tag: c.optional(c.string()),
  });
  const table = type.table(2);
  const row = table.at(0);
  expect(row.target).toBeUndefined();
  row.target = { x: 3, y: 4 };
  row.tag = 'it';
  expect(row.target!.y).toBe(4);
  row.target = undefined;
  row.tag = undefined;
  expect(row.target).toBeUndefined();
  expect(table.same(table, 1, 0)).toBe(true);
});

test('a table grows and its views stay', () => {
  const type = new RecordType({ name: c.string(), level: c.int({ min: 1, max: 9 }) });
  const table = type.table(1);
  const row = table.at(0);
  row.name = 'first';
  row.level = 5;
  table.reserve(100);
  row.level = 6;
  expect(table.at(0)).toBe(row);
  expect([row.name, row.level, table.at(99).level, table.at(99).name]).toEqual(['first', 6, 1, '']);
});

test('what cannot be said in 32 bits is refused when it is defined', () => {
  expect(() => c.scalar({ min: -1e6, max: 1e6, step: 0.0001 })).toThrow('32 bits');
  expect(() => c.scalar({ min: 0, max: 1, step: 0 })).toThrow('by 0');
  expect(() => c.angle({ bits: 0 })).toThrow('0 bits');
  expect(() => c.enum('a', 'a')).toThrow('twice');
  expect(() => c.optional(c.optional(c.bool()))).toThrow('inside an optional');
});

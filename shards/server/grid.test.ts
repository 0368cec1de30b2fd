import fc from 'fast-check';
import { expect, test } from 'vitest';
import { c } from '../core/components.ts';
import { grid, PLACELESS, planGrid } from '../core/interest.ts';
import { RecordType } from '../core/record-type.ts';
import { WorldColumns } from '../core/world-columns.ts';
import { Grid } from './grid.ts';

const type = new RecordType({
  at: c.optional(c.vec3({ min: -50, max: 50, step: 0.1 })),
  flat: c.vec2({ min: 0, max: 64, step: 0.5 }),
});

function newGrid(options: Parameters<typeof grid>[0]) {
  const world = new WorldColumns(type, { seed: '', stepSeed: '', maxEntities: 1000, emit: () => {} });
  return { world, cells: new Grid(planGrid(grid(options), type), world.table) };
}

test('the cell of a place is told by its quanta, and edges belong to the cell above', () => {
  const { world, cells } = newGrid({ by: 'flat', cell: 16, radius: 10 });
  const spots = [
    [0, 0],
    [15.5, 0],
    [16, 0],
    [0, 16],
    [64, 64],
  ] as const;
  for (const [x, y] of spots) world.spawn({ flat: { x, y } });
  cells.update(world.rowsUsed);
  // Five cells along each axis: the greatest value has one of its own.
  expect(spots.map((_, row) => cells.placeOf(row))).toEqual([1, 1, 2, 6, 25]);
});

test('a point is in the cell of an entity that stands there, also beyond the edge of the world', () => {
  const number = fc.oneof(
    fc.double({ min: -80, max: 80, noNaN: true }),
    fc.constantFrom(Number.NaN, Infinity),
  );
  const point = fc.record({ x: number, y: number, z: number });
  fc.assert(
    fc.property(point, fc.constantFrom(undefined, 'xz' as const), (at, plane) => {
      const { world, cells } = newGrid({ by: 'at', cell: 9, radius: 10, ...(plane && { plane }) });
      world.spawn({ at });
      cells.update(world.rowsUsed);
      expect(cells.placeAt(at)).toBe(cells.placeOf(0));
    }),
  );
  const flat = newGrid({ by: 'flat', cell: 16, radius: 10 });
  flat.world.spawn({ flat: { x: 20, y: 40 } });
  flat.cells.update(1);
  expect(flat.cells.placeAt({ x: 20, y: 40 })).toBe(flat.cells.placeOf(0));
});

test('a plane leaves out the height, and who has no place is in the cell that all see', () => {
  const { world, cells } = newGrid({ by: 'at', cell: 50, radius: 10, plane: 'xz' });
  world.spawn({ at: { x: 49, y: -50, z: 0 } });
  world.spawn({ at: { x: 49, y: 50, z: 0 } });
  world.spawn();
  cells.update(world.rowsUsed);
  expect([0, 1, 2].map((row) => cells.placeOf(row))).toEqual([5, 5, PLACELESS]);
});

test('[T8] cells hold who is in them, in order of ids, through any change', () => {
  const spot = fc.option(fc.record({ x: fc.integer({ min: -60, max: 60 }), y: fc.nat(60), z: fc.nat(60) }), {
    nil: undefined,
  });
  const change = fc.oneof(
    fc.record({ spawn: spot }),
    fc.record({ despawn: fc.nat() }),
    fc.record({ move: fc.nat(), to: spot }),
    fc.constant({ update: true }),
  );
  fc.assert(
    fc.property(fc.array(change, { maxLength: 80 }), (changes) => {
      const { world, cells } = newGrid({ by: 'at', cell: 20, radius: 30 });
      const watched = [PLACELESS, 1, 50, 111].map((number) => cells.take(number));
      const pick = (n: number) => world.entities[n % Math.max(1, world.entities.length)];
      const check = () => {
        cells.update(world.rowsUsed);
        const expected = new Map<number, number[]>();
        for (const { id, at } of world.entities) {
          const step = (value: number) => Math.floor((Math.round(value * 10) + 500) / 200);
          const cell = at ? 1 + step(at.x) + 6 * step(at.y) + 36 * step(at.z) : PLACELESS;
          expected.set(cell, [...(expected.get(cell) ?? []), id]);
        }
        for (const cell of watched) {
          const ids = [...cell.ids.subarray(0, cell.count)];
          expect(ids).toEqual(expected.get(cell.number) ?? []);
          expect([...cell.rows.subarray(0, cell.count)]).toEqual(ids.map((id) => world.rowOf(id)));
          expected.delete(cell.number);
        }
        expect(cells.size).toBe(watched.length + expected.size);
      };
      for (const each of changes) {
        if ('spawn' in each) world.spawn({ at: each.spawn });
        else if ('despawn' in each) world.despawn(pick(each.despawn)?.id ?? 0);
        else if ('move' in each) {
          const entity = pick(each.move);
          if (entity) entity.at = each.to;
        } else check();
      }
      check();
    }),
  );
});

test('a cell is forgotten when it is empty and nobody reads it', () => {
  const { world, cells } = newGrid({ by: 'flat', cell: 16, radius: 10 });
  const entity = world.spawn({ flat: { x: 1, y: 1 } });
  const cell = cells.take(1);
  cells.update(world.rowsUsed);
  expect([cells.size, cell.count]).toEqual([1, 1]);
  world.despawn(entity.id);
  cells.update(world.rowsUsed);
  expect([cells.size, cell.count]).toEqual([1, 0]);
  cells.drop(cell);
  expect(cells.size).toBe(0);
});

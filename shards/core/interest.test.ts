import fc from 'fast-check';
import { expect, test } from 'vitest';
import { c } from './components.ts';
import { defineShard } from './define-shard.ts';
import { cellsAround, everyone, grid, MAX_SEEN_CELLS, planGrid, visibleTo } from './interest.ts';
import { RecordType } from './record-type.ts';

const components = {
  position: c.vec2({ min: -512, max: 512, step: 0.01 }),
  room: c.vec3({ min: 0, max: 100, step: 0.5 }),
  health: c.int({ min: 0, max: 100 }),
};
const type = new RecordType(components);
const spec = {
  name: 'x',
  tickRate: 20,
  components,
  input: c.struct({}),
  authorize: () => true,
  step: () => {},
};

test('a definition without interest shows everything to everyone', () => {
  expect(defineShard(spec).interest).toEqual(everyone());
});

test('mistakes in a grid throw when the module loads', () => {
  const define = (options: Parameters<typeof grid>[0]) => () =>
    defineShard({ ...spec, interest: grid(options) });
  expect(define({ by: 'position', cell: 32, radius: 96, rings: [48, 72] })).not.toThrow();
  expect(define({ by: 'nowhere', cell: 32, radius: 96 })).toThrow('no vec2 or vec3');
  expect(define({ by: 'health', cell: 32, radius: 96 })).toThrow('no vec2 or vec3');
  expect(define({ by: 'position', cell: 32, radius: 96, plane: 'xz' })).toThrow('plane');
  expect(define({ by: 'position', cell: 0, radius: 96 })).toThrow('cells of 0');
  expect(define({ by: 'position', cell: 0.001, radius: 96 })).toThrow('smaller than the step');
  expect(define({ by: 'position', cell: 32, radius: 96, rings: [72, 48] })).toThrow('rings');
  expect(define({ by: 'position', cell: 32, radius: 96, rings: [48, 96] })).toThrow('rings');
  expect(define({ by: 'position', cell: 0.02, radius: 0.02 })).toThrow('a grid of');
});

test('[T8] as many cells may be seen as a frame may name, and not one more', () => {
  const plan = (radius: number) => () => planGrid(grid({ by: 'position', cell: 1, radius }), type);
  const seen = (radius: number) => cellsAround({ ...plan(3)(), radius }).length;
  const most = 24.1;
  expect(seen(most)).toBeLessThanOrEqual(MAX_SEEN_CELLS);
  expect(seen(most + 0.1)).toBeGreaterThan(MAX_SEEN_CELLS);
  expect(plan(most)).not.toThrow();
  expect(plan(most + 0.1)).toThrow('cells');
  expect(plan(500)).toThrow('cells');
});

test('[T8] what is within the radius is seen, and what is seen is within the radius and two cells', () => {
  const at = fc.double({ min: -512, max: 512, noNaN: true });
  fc.assert(
    fc.property(
      at,
      at,
      fc.double({ min: 0, max: 130, noNaN: true }),
      fc.double({ min: 0, max: 7, noNaN: true }),
      (x, y, far, way) => {
        const plan = planGrid(grid({ by: 'position', cell: 32, radius: 96, rings: [48, 72] }), type);
        const step = (value: number) => Math.floor((value + 512) / 32);
        const other = { x: x + far * Math.cos(way), y: y + far * Math.sin(way) };
        const steps = [step(other.x) - step(x), step(other.y) - step(y)];
        const cell = cellsAround(plan).find((offset) => offset.steps.join() === steps.join());
        if (far < 95.9) expect(cell).toBeDefined();
        if (cell) expect(far).toBeLessThan(96 + 2 * 32 * Math.SQRT2);
        // Nearer than a ring is never coarser than that ring allows.
        if (far < 48) expect(cell!.level).toBe(0);
        else if (far < 72) expect(cell!.level).toBeLessThanOrEqual(1);
      },
    ),
  );
});

test('cells are seen in the order of their numbers, in three dimensions too', () => {
  const plan = planGrid(grid({ by: 'room', cell: 10, radius: 15 }), type);
  const numbers = cellsAround(plan).map(({ steps }) => steps[0]! + 100 * steps[1]! + 10_000 * steps[2]!);
  expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
  expect(plan.axes.length).toBe(3);
  expect(numbers.length).toBe(5 ** 3 - 8);
});

test('visibleTo takes a function of the player, the entity and the world', () => {
  const interest = visibleTo<typeof components>(
    (player, entity) => entity.id === player.entityId || entity.health > 50,
  );
  expect(defineShard({ ...spec, interest }).interest).toBe(interest);
});

test('a component for teams needs a component that tells the teams apart', () => {
  const plan = c.string().visibleTo('team');
  const define = (team: object) => () =>
    defineShard({ ...spec, components: { plan, ...team }, step: () => {} });
  expect(define({ team: c.uint({ max: 3 }) })).not.toThrow();
  expect(define({ team: c.optional(c.uint({ max: 3 })) })).not.toThrow();
  expect(define({ team: c.enum('red', 'blue') })).not.toThrow();
  expect(define({})).toThrow('component "team"');
  expect(define({ team: c.string() })).toThrow('component "team"');
  expect(define({ team: c.optional(c.string()) })).toThrow('component "team"');
  expect(define({ team: c.vec2({ min: 0, max: 1, step: 1 }) })).toThrow('component "team"');
  expect(define({ team: c.uint({ max: 3 }).visibleTo('owner') })).toThrow('component "team"');
});

test('[N3] a byte budget is a whole number, 0 for none', () => {
  const define = (bytesPerSecond: number) => () => defineShard({ ...spec, limits: { bytesPerSecond } });
  expect(define(0)).not.toThrow();
  expect(define(1)).not.toThrow();
  expect(define(-1)).toThrow('bytesPerSecond');
  expect(define(0.5)).toThrow('bytesPerSecond');
});

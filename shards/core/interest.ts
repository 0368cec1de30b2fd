/**
 * What a player may see: part of a definition, used by the server alone. `everyone()` is one cell for all;
 * `grid()` cuts the world into cells and shows those around the player's entity; `visibleTo()` asks for each
 * player and entity. server/grid.ts and server/sight.ts do what is declared here. [T8]
 */
import { assert } from '../../src/base/assert.ts';
import type { Components } from './component.ts';
import type { Player } from './player.ts';
import type { RecordType } from './record-type.ts';
import { type Scale, scaleOf } from './scale.ts';
import type { Entity, World } from './world.ts';

/** The cell of entities that have no place, and of all in a world without a grid. Everybody sees it. */
export const PLACELESS = 0;

/** More cells than this are more than a frame may name. */
export const MAX_SEEN_CELLS = 2048;
/** Cells of a whole world, seen or not. */
export const MAX_GRID_CELLS = 2 ** 30;

export interface Everyone {
  readonly kind: 'everyone';
}

export interface GridOptions {
  /** The component that says where an entity is, a vec2 or a vec3. Entities without it are seen by all. */
  readonly by: string;
  /** Edge of a cell, in units of that component. */
  readonly cell: number;
  /** A player sees every entity within this distance of his own, and more: the cells are shown whole. */
  readonly radius: number;
  /**
   * Cells farther away than the first of these are sent in every second frame, farther than the second in every
   * fourth. Left out, all cells are sent in every frame.
   */
  readonly rings?: readonly [number] | readonly [number, number];
  /** Makes flat cells of a vec3: of its x and y, or of its x and z. Left out, its cells are cubes. */
  readonly plane?: 'xy' | 'xz';
}

export interface GridInterest extends GridOptions {
  readonly kind: 'grid';
}

/** A method, so that it may be declared for fewer components than the definition has. */
export interface VisibleTo<C extends Components> {
  readonly kind: 'visibleTo';
  sees(player: Player, entity: Entity<C>, world: World<C>): boolean;
}

export type Interest<C extends Components> = Everyone | GridInterest | VisibleTo<C>;

/** Every player sees every entity. */
export function everyone(): Everyone {
  return { kind: 'everyone' };
}

/** A player sees the cells around his entity; when it is gone, around where it was last. */
export function grid(options: GridOptions): GridInterest {
  return { ...options, kind: 'grid' };
}

/**
 * A player sees those entities for which `sees` is true: asked for each of them in each frame, and encoded for him
 * alone, so it suits small worlds. Say `visibleTo<typeof components>(..)` for the types of the entity. [T8]
 */
export function visibleTo<C extends Components = Components>(sees: VisibleTo<C>['sees']): VisibleTo<C> {
  return { kind: 'visibleTo', sees };
}

/** One axis of a grid. */
export interface GridAxis {
  readonly name: 'x' | 'y' | 'z';
  readonly lane: number;
  readonly minQuanta: number;
  readonly cellQuanta: number;
  /** Cells along it. */
  readonly cells: number;
}

/** A grid, compiled for the columns of a definition. */
export interface GridPlan {
  /** In the order of the component's lanes; none in a world of one cell. */
  readonly axes: readonly GridAxis[];
  /** What quanta along them mean. */
  readonly scale: Scale;
  /** The lane that says whether an entity has a place; -1 when all have. */
  readonly guard: number;
  readonly cell: number;
  readonly radius: number;
  readonly rings: readonly number[];
}

/** The plan of a world that is one cell. */
export const ONE_CELL: GridPlan = {
  axes: [],
  scale: scaleOf({ min: 0, max: 0, step: 1 }),
  guard: -1,
  cell: 1,
  radius: 1,
  rings: [],
};

const AXES = ['x', 'y', 'z'] as const;

/** Throws for what a definition may not say, when its module loads. */
export function planGrid(interest: GridInterest, type: RecordType<Components>): GridPlan {
  const { by, cell, radius, rings = [], plane } = interest;
  const component = type.fields[by];
  assert(component?.scale, `a grid by ${JSON.stringify(by)}, which is no vec2 or vec3`);
  const { scale } = component;
  const first = type.laneOf(by);
  const guarded = component.lanes.some((lane) => lane.guard >= 0) ? 1 : 0;
  const size = component.lanes.length - guarded;
  assert(size === 2 || size === 3, `a grid by ${JSON.stringify(by)}, which is no vec2 or vec3`);
  assert(plane === undefined || size === 3, 'the plane of a grid over a vec2');
  const spread = [cell, radius, ...rings].every((length) => length > 0 && Number.isFinite(length));
  assert(spread, `a grid of cells of ${cell} within ${radius}, rings at ${rings.join(', ')}`);
  const rising = [...rings, radius].every((ring, i, all) => i === 0 || ring > all[i - 1]!);
  assert(rising, `the rings of a grid are ${rings.join(', ')} within ${radius}`);
  const cellQuanta = (cell * scale.per) / scale.times;
  assert(cellQuanta >= 1, `cells of ${cell} are smaller than the step of ${JSON.stringify(by)}`);
  const lanes = plane === 'xz' ? [0, 2] : plane === 'xy' || size === 2 ? [0, 1] : [0, 1, 2];
  const cells = Math.floor((scale.maxQuanta - scale.minQuanta) / cellQuanta) + 1;
  const axes = lanes.map(
    (lane): GridAxis => ({
      name: AXES[lane]!,
      lane: first + guarded + lane,
      minQuanta: scale.minQuanta,
      cellQuanta,
      cells,
    }),
  );
  assert(cells ** axes.length <= MAX_GRID_CELLS, `a grid of ${cells ** axes.length} cells`);
  const plan = { axes, scale, guard: guarded === 1 ? first : -1, cell, radius, rings };
  const block = (2 * Math.ceil(radius / cell) + 1) ** axes.length;
  const seen = block > 4 * MAX_SEEN_CELLS ? block : cellsAround(plan).length;
  assert(seen <= MAX_SEEN_CELLS, `a player would see ${seen} cells: larger ones, or a smaller radius`);
  return plan;
}

/** A cell as seen from another one. */
export interface CellOffset {
  /** Along the axes of the plan. */
  readonly steps: readonly number[];
  /** Between the nearest points of the two; what is nearer than the radius is seen. */
  readonly distance: number;
  /** 0: sent in every frame, 1: in every second one, 2: in every fourth. */
  readonly level: number;
}

/** The cells seen from a cell, in order of their numbers. */
export function cellsAround(plan: GridPlan): CellOffset[] {
  const reach = Math.ceil(plan.radius / plan.cell);
  let all: number[][] = [[]];
  // The last axis counts most in a cell's number.
  for (let axis = 0; axis < plan.axes.length; axis++) {
    const steps = Array.from({ length: 2 * reach + 1 }, (_, i) => i - reach);
    all = steps.flatMap((step) => all.map((lower) => [...lower, step]));
  }
  return all.flatMap((steps) => {
    const distance = plan.cell * Math.hypot(...steps.map((step) => Math.max(0, Math.abs(step) - 1)));
    if (distance >= plan.radius) return [];
    return [{ steps, distance, level: plan.rings.filter((ring) => distance >= ring).length }];
  });
}

/**
 * How each lane of a definition's entities is drawn, and what counts as a teleport: what the kinds of the components
 * say, and what the definition says otherwise. Made once per stay, read by the client's interpolate.ts and foretold.ts;
 * and by the server's moment.ts, for a rewind is what was drawn.
 */
import { assert } from '../../src/base/assert.ts';
import type { Component, Components } from './component.ts';
import type { Blend, Lane } from './lane.ts';
import { RecordType } from './record-type.ts';

/** Without `teleport`, a change above this share of a lane's range is one; angles and rotations turn however far. */
const TELEPORT_SHARE = 1 / 32;

export interface LanePlan {
  readonly lane: Lane;
  /** `axis` is drawn with its `chart`: the four are one rotation. */
  readonly blend: Blend | 'hermite';
  /** Quanta between two frames; more is a teleport of its whole component. */
  readonly teleport: number;
  /** Its component, counted among those that are drawn between two frames; -1: it is not. */
  readonly group: number;
}

export interface DrawPlan {
  readonly lanes: readonly LanePlan[];
  /** The lanes of each component that is drawn between two frames, but for each `axis`. */
  readonly groups: readonly (readonly number[])[];
}

export function drawPlan<C extends Components>(type: RecordType<C>): DrawPlan {
  const lanes: LanePlan[] = [];
  const groups: number[][] = [];
  for (const name of type.names) {
    const component: Component<unknown> = type.fields[name]!;
    const first = lanes.length;
    for (const lane of type.lanes.slice(first, first + component.lanes.length)) {
      const blend = blendOf(component, lane);
      const group = blend === 'snap' ? -1 : groups.length;
      lanes.push({ lane, blend, teleport: teleportOf(component, lane), group });
    }
    const drawn = lanes.slice(first).flatMap(({ blend }, i) => (isDrawn(blend) ? [first + i] : []));
    if (drawn.length > 0) groups.push(drawn);
  }
  return { lanes, groups };
}

function isDrawn(blend: LanePlan['blend']): boolean {
  return blend !== 'snap' && blend !== 'axis';
}

function blendOf({ drawMode }: Component<unknown>, lane: Lane): LanePlan['blend'] {
  const flag = lane.guard === -1 && lane.max - lane.min === 1 && lane.blend === 'snap';
  if (drawMode === undefined || lane.content !== 'number' || flag) return lane.blend;
  if (drawMode === 'snap') return 'snap';
  return lane.blend === 'linear' || lane.blend === 'snap' ? drawMode : lane.blend;
}

function teleportOf(component: Component<unknown>, { min, max, blend }: Lane): number {
  if (blend === 'angle' || blend === 'chart' || blend === 'axis') return Number.POSITIVE_INFINITY;
  const { teleportAt } = component;
  return teleportAt === undefined ? (max - min) * TELEPORT_SHARE : teleportAt / unitOf(component);
}

/** What one quantum of its numbers is worth. */
function unitOf(component: Component<unknown>): number {
  const { scale } = component;
  if (scale) return scale.times / scale.per;
  const last = component.lanes.length - 1;
  const { max, min } = component.lanes[last]!;
  const table = new RecordType({ value: component }).table(2);
  for (const row of [0, 1]) {
    if (last === 1) table.columns[0]!.values[row] = 1; // of an optional one, that it is there
    table.columns[last]!.values[row] = max - row;
  }
  const [more, less] = [table.at(0).value, table.at(1).value];
  const one = last <= 1 && max > min && typeof more === 'number' && typeof less === 'number';
  assert(one, 'a teleport of what is no number, vec2 or vec3');
  return more - less;
}

/** A value `share` of the way from `a` to `b`, or beyond; an angle goes the shorter way round. */
export function blend(plan: LanePlan, a: number, b: number, share: number): number {
  if (plan.blend === 'angle') return a + turnBetween(plan.lane, a, b) * share;
  return plan.blend === 'snap' ? (share < 1 ? a : b) : a + (b - a) * share;
}

/** The shorter way from angle `a` to `b`, in quanta, with its sign. */
export function turnBetween(lane: Lane, a: number, b: number): number {
  const turn = lane.max - lane.min + 1;
  const way = (((b - a) % turn) + turn) % turn;
  return way > turn / 2 ? way - turn : way;
}

/**
 * A cubic Hermite curve from `a` by `way`, which begins at the pace of the frame before and ends at that of this one:
 * smooth where frames meet, without waiting for the one behind.
 */
export function curve(pace: number, a: number, way: number, share: number): number {
  const square = share * share;
  const cube = square * share;
  return a + (cube - 2 * square + share) * pace + (3 * square - 2 * cube) * way + (cube - square) * way;
}

/**
 * How each lane of a definition's entities is drawn, and what counts as a teleport: what the kinds of the components
 * say, and what the definition says otherwise. Made once per stay, read by the client's interpolate.ts and foretold.ts;
 * and by the server's moment.ts, for a rewind is what was drawn.
 */
import { assert } from '../../src/base/assert.ts';
import type { Component, Components } from './component.ts';
import type { Blend, Lane } from './lane.ts';
import { RecordType } from './record-type.ts';

/** Without `teleport`, a change above this share of a lane's range is one; an angle turns however far. */
const TELEPORT_SHARE = 1 / 32;

export interface LanePlan {
  readonly lane: Lane;
  readonly blend: Blend | 'hermite';
  /** Quanta between two frames; more is a teleport of its whole component. */
  readonly teleport: number;
  /** Its component, counted among those that are drawn between two frames; -1: it is not. */
  readonly group: number;
}

export interface DrawPlan {
  readonly lanes: readonly LanePlan[];
  /** The lanes of each component that is drawn between two frames. */
  readonly groups: readonly (readonly number[])[];
}

export function drawPlan<C extends Components>(type: RecordType<C>): DrawPlan {
  const lanes: LanePlan[] = [];
  const groups: number[][] = [];
  for (const name of type.names) {
    const component: Component<unknown> = type.fields[name]!;
    const first = lanes.length;
    const of = type.lanes.slice(first, first + component.lanes.length);
    checkDraw(name, component);
    const blends = of.map((lane) => blendOf(component, lane));
    const moves = blends.some((blend) => blend !== 'snap');
    const group = moves ? groups.length : -1;
    if (moves) groups.push(of.flatMap((_, i) => (blends[i] === 'snap' ? [] : [first + i])));
    const unit = component.teleport === undefined ? 1 : unitOf(name, component);
    for (const [i, lane] of of.entries()) {
      const blend = blends[i]!;
      const teleport =
        component.teleport === undefined
          ? (lane.max - lane.min) * (lane.blend === 'angle' ? 1 : TELEPORT_SHARE)
          : component.teleport / unit;
      lanes.push({ lane, blend, teleport, group: blend === 'snap' ? -1 : group });
    }
  }
  return { lanes, groups };
}

function blendOf({ draw }: Component<unknown>, lane: Lane): LanePlan['blend'] {
  const flag = lane.guard === -1 && lane.max - lane.min === 1 && lane.blend === 'snap';
  if (draw === undefined || lane.textBytes > 0 || flag) return lane.blend;
  return lane.blend === 'angle' && draw !== 'snap' ? 'angle' : draw;
}

function checkDraw(name: string, { draw, teleport, lanes }: Component<unknown>): void {
  const text = lanes.some(({ textBytes }) => textBytes > 0);
  assert(draw === undefined || !text, `a text is not drawn ${draw}: ${name}`);
  assert(teleport === undefined || teleport >= 0, `teleport of ${name} is ${teleport}`);
}

/** What one quantum of its numbers is worth. */
function unitOf(name: string, component: Component<unknown>): number {
  const { scale } = component;
  if (scale) return scale.times / scale.per;
  const optional = component.lanes.length === 2 && component.lanes[1]!.guard === 0;
  const table = new RecordType({ value: component }).table(2);
  const lane = component.lanes.length - 1;
  const { max } = component.lanes[lane]!;
  for (const row of [0, 1]) {
    if (optional) table.columns[0]!.values[row] = 1;
    table.columns[lane]!.values[row] = max - row;
  }
  const [more, less] = [table.at(0).value, table.at(1).value];
  const one =
    (component.lanes.length === 1 || optional) && typeof more === 'number' && typeof less === 'number';
  assert(one, `a teleport of ${name}, which is no number, vec2 or vec3`);
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

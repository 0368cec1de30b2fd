/**
 * A definition's `rewind`, checked and compiled: which lanes are remembered, for how long, and how the moment that a
 * player saw travels with his inputs. Both sides have it: the client to say that moment, the server to go there.
 */
import { assert } from '../../src/base/assert.ts';
import { Fault } from '../../src/base/fault.ts';
import type { Components } from './component.ts';
import { type DrawPlan, drawPlan } from './draw-plan.ts';
import { reachOf } from './hitbox.ts';
import { type Lane, numberLane } from './lane.ts';
import { RecordType } from './record-type.ts';
import type { RewindSpec } from './rewind.ts';
import type { Scale } from './scale.ts';

/** What a player saw is told in parts of a tick. */
export const LAG_PARTS = 32;

const DEFAULT_MS = 1000;
const MIN_MS = 50;
const MAX_MS = 4000;

export interface RewindPlan {
  readonly spec: RewindSpec<Components>;
  /** A frame is remembered every so many ticks. */
  readonly everyTicks: number;
  /** Frames that are remembered. */
  readonly frames: number;
  /** How far behind the tick before an input what its player saw may be, in parts. */
  readonly maxLag: number;
  /**
   * Stands behind the fields of each input: by how many parts of a tick what the player saw was older than the tick
   * before the input's own. 0: not told.
   */
  readonly lagLane: Lane;
  /** The remembered components alone. */
  readonly type: RecordType<Components>;
  /** For each lane of `type`: its number among those of the world. */
  readonly lanes: readonly number[];
  /** Where the position begins in `type`, behind its guard; how many axes it has, and what they mean. */
  readonly place: number;
  readonly axes: number;
  readonly scale: Scale;
  /** The lane of `type` that says whether an entity has a position, or -1. */
  readonly guard: number;
  /** How clients draw the lanes of `type` between two frames. */
  readonly draw: DrawPlan;
  /** The names of all hitboxes. */
  readonly hitboxes: readonly string[];
  /** No hitbox of an entity is farther from its position than this; 0 without hitboxes. */
  readonly reach: number;
}

/** Throws for what a definition may not say, when its module loads. */
export function planRewind(
  spec: RewindSpec<Components>,
  world: RecordType<Components>,
  ticks: { tickRate: number; snapshotEvery: number },
): RewindPlan {
  const { components, ms = DEFAULT_MS, hitboxes = {} } = spec;
  assert(ticks.tickRate > 0, 'an event-driven shard has no rewind: nothing is drawn between its frames');
  assert(ms >= MIN_MS && ms <= MAX_MS, `rewind.ms is ${ms}, not ${MIN_MS} to ${MAX_MS}`);
  const fields = pick(components, world);
  const type = new RecordType(fields);
  assert(
    type.lanes.every(({ textBytes }) => textBytes === 0),
    'a text in rewind.components',
  );
  refuseOthers(type, world);
  const placed = components.find((name) => fields[name]!.scale);
  assert(placed, 'no vec2 or vec3 in rewind.components');
  const { lanes, scale } = fields[placed]!;
  const guarded = lanes.some((lane) => lane.guard >= 0) ? 1 : 0;
  const draw = drawPlan(type);
  const curved = draw.lanes.some(({ blend }) => blend === 'hermite');
  const maxTicks = Math.ceil((ms * ticks.tickRate) / 1000);
  const maxLag = maxTicks * LAG_PARTS;
  const first = type.laneOf(placed);
  return {
    spec,
    everyTicks: ticks.snapshotEvery,
    // The oldest moment may lie between two frames, after a tick the newest frame is one more, and curves begin earlier.
    frames: Math.ceil(maxTicks / ticks.snapshotEvery) + (curved ? 3 : 2),
    maxLag,
    lagLane: numberLane(0, maxLag, 'snap'),
    type,
    lanes: type.names.flatMap((name) => fields[name]!.lanes.map((_, i) => world.laneOf(name) + i)),
    place: first + guarded,
    axes: lanes.length - guarded,
    scale: scale!,
    guard: guarded === 1 ? first : -1,
    draw,
    hitboxes: Object.keys(hitboxes),
    reach: Math.max(0, ...Object.values(hitboxes).map(reachOf)),
  };
}

function pick(names: readonly string[], world: RecordType<Components>): Components {
  return Object.fromEntries(
    names.map((name) => {
      assert(Object.hasOwn(world.fields, name), `rewind.components names ${JSON.stringify(name)}`);
      return [name, world.fields[name]!];
    }),
  );
}

/** What is not remembered must not look as if it was absent. */
function refuseOthers(type: RecordType<Components>, world: RecordType<Components>): void {
  for (const name of world.names) {
    if (Object.hasOwn(type.fields, name)) continue;
    Object.defineProperty(type.View.prototype, name, {
      get: () => {
        throw new Fault('invalid', `${JSON.stringify(name)} is not in rewind.components`);
      },
    });
  }
}

/** How an input of `tick` tells that its player saw the moment `seen`. */
export function lagOf({ maxLag }: RewindPlan, tick: number, seen: number): number {
  return Math.max(1, Math.min(maxLag, Math.round((tick - 1 - seen) * LAG_PARTS)));
}

/**
 * A world cut into cells, with a note of its state at the end of every tick, and of what a player should see of
 * it: reckoned anew in real units, cell by cell and entity by entity, not by the code under test.
 */
import { CellReplica } from '../../shards/core/cell-replica.ts';
import type { CellState } from '../../shards/core/cell-state.ts';
import { KIND } from '../../shards/core/frames.ts';
import { c, defineShard, grid, type Interest } from '../../shards/core/index.ts';
import { RecordType } from '../../shards/core/record-type.ts';
import { Reader } from '../../src/base/bytes.ts';

export const CELL = 16;
export const RADIUS = 32;
export const RINGS = [12, 20] as const;
const HALF = 64;
const ACROSS = 9;

export const components = {
  at: c.optional(c.vec2({ min: -HALF, max: HALF, step: 0.5 })),
  speed: c.vec2({ min: -8, max: 8, step: 0.5 }),
  hp: c.int({ min: 0, max: 100 }),
  name: c.string({ maxBytes: 12 }),
  team: c.uint({ max: 3 }),
  ammo: c.int({ min: 0, max: 500 }).visibleTo('owner'),
  plan: c.string({ maxBytes: 16 }).visibleTo('team'),
};

const TYPE = new RecordType(components);

/** An entity at the end of a tick. */
export interface Noted {
  readonly id: number;
  readonly cell: number;
  readonly team: number;
  readonly hp: number;
  /** What each audience is to have. */
  readonly all: string;
  readonly owner: string;
  readonly forTeam: string;
}

const parts = {
  all: ['at', 'speed', 'hp', 'name', 'team'],
  owner: ['ammo'],
  team: ['plan'],
} as const satisfies Record<string, readonly (keyof typeof components)[]>;

export function watchedWorld(
  interest: Interest<typeof components> = GRID,
  limits: { bytesPerSecond?: number } = {},
) {
  const history = new Map<number, readonly Noted[]>();
  const def = defineShard({
    name: 'watched',
    tickRate: 20,
    components,
    input: c.struct({ turn: c.vec2({ min: -8, max: 8, step: 0.5 }) }),
    interest,
    limits: { entities: 500, ...limits },
    authorize: () => true,
    join: (world, player) =>
      world.spawn({
        at: { x: 0, y: 0 },
        name: player.name ?? '',
        team: player.name === 'ann' ? 1 : 2,
        hp: 100,
      }),
    step: (_world, entity, input) => {
      entity.speed.x = input.turn.x;
      entity.speed.y = input.turn.y;
    },
    tick(world, dtSeconds) {
      for (const { at, speed } of world.entities) {
        if (!at) continue;
        at.x += speed.x * 20 * dtSeconds;
        at.y += speed.y * 20 * dtSeconds;
      }
      const noted = world.entities.map((entity): Noted => {
        const said = (names: readonly string[]) => JSON.stringify(entity, ['x', 'y', ...names]);
        const cell = entity.at ? cellAt(entity.at) : 0;
        const { id, team, hp } = entity;
        return {
          id,
          cell,
          team,
          hp,
          all: said(parts.all),
          owner: said(parts.owner),
          forTeam: said(parts.team),
        };
      });
      history.set(world.tick, noted);
    },
  });
  return { def, history };
}

export const GRID = grid({ by: 'at', cell: CELL, radius: RADIUS, rings: RINGS });

function cellAt({ x, y }: { x: number; y: number }): number {
  return 1 + Math.floor((x + HALF) / CELL) + ACROSS * Math.floor((y + HALF) / CELL);
}

/** The cells seen from one, with their levels. */
export function seenFrom(cell: number): Map<number, number> {
  const seen = new Map([[0, 0]]);
  if (cell === 0) return seen;
  const column = (cell - 1) % ACROSS;
  const line = Math.floor((cell - 1) / ACROSS);
  for (let y = 0; y < ACROSS; y++) {
    for (let x = 0; x < ACROSS; x++) {
      const apart = (steps: number) => Math.max(0, Math.abs(steps) - 1) * CELL;
      const distance = Math.hypot(apart(x - column), apart(y - line));
      const level = distance < RINGS[0] ? 0 : distance < RINGS[1] ? 1 : 2;
      if (distance < RADIUS) seen.set(1 + x + ACROSS * y, level);
    }
  }
  return seen;
}

/** What a replica holds of a stream, as the history notes it. */
export function heldOf(state: CellState, part: keyof typeof parts): string[] {
  const { layout } = state;
  const table = TYPE.table(1);
  return Array.from({ length: state.count }, (_, slot) => {
    table.ids[0] = state.idAt(slot);
    for (let i = 0; i < layout.stride; i++) {
      const column = table.columns[layout.source[i]!]!;
      if (layout.text[i]! >= 0) column.texts[0] = state.textAt(slot, i);
      else column.values[0] = state.valueAt(slot, i);
    }
    return `${state.idAt(slot)} ${JSON.stringify(table.at(0), ['x', 'y', ...parts[part]])}`;
  });
}

export function said(noted: readonly Noted[], part: 'all' | 'owner' | 'forTeam'): string[] {
  return noted.map((entity) => `${entity.id} ${entity[part]}`);
}

/** Applies what a player received, frame by frame; a frame that builds on nothing begins a new copy. */
export function replay(
  def: ReturnType<typeof watchedWorld>['def'],
  received: readonly Uint8Array[],
  each: (replica: CellReplica<typeof components>) => void,
): number {
  const replica = new CellReplica<typeof components>(def.layouts, {
    maxEntities: def.limits.entities,
    everyTicks: def.snapshotEvery,
  });
  let frames = 0;
  for (const payload of received) {
    const reader = new Reader(payload);
    if (reader.u8() !== KIND.frame) continue;
    replica.apply(reader);
    each(replica);
    frames++;
  }
  return frames;
}

/**
 * Rows that only some players are sent: their own entity, those that `visibleTo` shows them, their team's among
 * what they see. Sources of streams. [T8]
 */
import type { Rows } from '../core/chunk-encoder.ts';
import type { Components } from '../core/component.ts';
import type { VisibleTo } from '../core/interest.ts';
import type { Player } from '../core/player.ts';
import type { RecordType } from '../core/record-type.ts';
import type { Events } from '../core/world.ts';
import type { WorldColumns } from '../core/world-columns.ts';
import type { RowSource } from './run.ts';

export type AnyWorld = WorldColumns<Components, Events>;

class RowList {
  readonly from = 0;
  rows = new Int32Array(4);
  count = 0;

  add(row: number): void {
    if (this.count === this.rows.length) {
      const bigger = new Int32Array(this.count * 2);
      bigger.set(this.rows);
      this.rows = bigger;
    }
    this.rows[this.count++] = row;
  }
}

/** The entity of a player; none while it is not there. */
export class OwnRows extends RowList implements RowSource {
  readonly table: AnyWorld['table'];
  readonly #world: AnyWorld;
  readonly #player: Player;

  constructor(world: AnyWorld, player: Player) {
    super();
    this.table = world.table;
    this.#world = world;
    this.#player = player;
  }

  refresh(): void {
    this.count = 0;
    const row = this.#world.rowOf(this.#player.entityId);
    if (row !== -1) this.add(row);
  }
}

/** The entities that the interest shows to a player. */
export class SeenRows extends RowList implements RowSource {
  readonly table: AnyWorld['table'];
  readonly #world: AnyWorld;
  readonly #player: Player;
  readonly #interest: VisibleTo<Components>;

  constructor(world: AnyWorld, player: Player, interest: VisibleTo<Components>) {
    super();
    this.table = world.table;
    this.#world = world;
    this.#player = player;
    this.#interest = interest;
  }

  refresh(): void {
    this.count = 0;
    for (const entity of this.#world.entities) {
      if (this.#interest.sees(this.#player, entity, this.#world)) this.add(this.#world.rowOf(entity.id));
    }
  }
}

/** Where an entity's team stands. */
export interface TeamLane {
  readonly lane: number;
  /** The lane that says whether it has one, or -1. */
  readonly guard: number;
}

/** The component that tells teams apart; a definition with components for teams has it. */
export function teamLane(type: RecordType<Components>): TeamLane {
  const first = type.laneOf('team');
  const guarded = type.fields.team!.lanes.some((lane) => lane.guard >= 0);
  return guarded ? { lane: first + 1, guard: first } : { lane: first, guard: -1 };
}

/** The team of the entity in a row; undefined when it has none. */
export function teamOf(table: Rows['table'], { lane, guard }: TeamLane, row: number): number | undefined {
  if (row === -1 || (guard >= 0 && table.columns[guard]!.values[row] === 0)) return undefined;
  return table.columns[lane]!.values[row];
}

/** Those of a team among the rows of other sources, which are up to date. */
export class TeamRows extends RowList implements RowSource {
  readonly table: AnyWorld['table'];
  readonly #among: readonly Rows[];
  readonly #lane: TeamLane;
  readonly #team: number;

  constructor(among: readonly Rows[], world: AnyWorld, of: { lane: TeamLane; team: number }) {
    super();
    this.table = world.table;
    this.#among = among;
    this.#lane = of.lane;
    this.#team = of.team;
  }

  refresh(): void {
    this.count = 0;
    for (const { rows, from, count } of this.#among) {
      for (let i = from; i < from + count; i++) {
        if (teamOf(this.table, this.#lane, rows[i]!) === this.#team) this.add(rows[i]!);
      }
    }
    const { ids } = this.table;
    if (this.#among.length > 1) this.rows.subarray(0, this.count).sort((a, b) => ids[a]! - ids[b]!);
  }
}

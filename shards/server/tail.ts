/**
 * The tail of a player's frames: the streams that not everybody who sees the same cells is sent. Entities shown to
 * him one by one, components of his own entity, components of his team among what he sees. [T8]
 */
import type { Rows } from '../core/chunk-encoder.ts';
import type { AnyShardDef } from '../core/define-shard.ts';
import type { Player } from '../core/player.ts';
import {
  type AnyWorld,
  OwnRows,
  SeenRows,
  type TeamLane,
  TeamRows,
  teamLane,
  teamOf,
} from './private-rows.ts';
import type { Feed } from './run.ts';
import type { Sight } from './sight.ts';
import type { Streams } from './streams.ts';

/** Whose tail it is. */
export interface TailOwner {
  readonly player: Player & { readonly spectates?: boolean };
  /** Tells his streams from those of others. */
  readonly number: number;
  /** The row of his entity, or -1, and its team. */
  readonly row: number;
  readonly team: number | undefined;
}

const NO_TAIL: readonly (Feed | undefined)[] = [];

export class Tails {
  readonly #def: AnyShardDef;
  readonly #world: AnyWorld;
  readonly #streams: Streams;
  readonly #team: TeamLane | undefined;
  /** Nothing in the definition is for some players only. */
  readonly #none: boolean;

  constructor(def: AnyShardDef, world: AnyWorld, streams: Streams) {
    this.#def = def;
    this.#world = world;
    this.#streams = streams;
    this.#team = def.layouts.team.stride > 0 ? teamLane(def.entityType) : undefined;
    this.#none = def.interest.kind !== 'visibleTo' && def.layouts.owner.stride === 0 && !this.#team;
  }

  /** The team of the entity in a row; undefined where nothing depends on teams. */
  get teamOf(): ((row: number) => number | undefined) | undefined {
    const lane = this.#team;
    return lane && ((row) => teamOf(this.#world.table, lane, row));
  }

  /** The streams by part of the tail, of one who looks through this sight. Give them back with `drop`. */
  take(owner: TailOwner, sight: Sight): readonly (Feed | undefined)[] {
    return this.#none ? NO_TAIL : [this.#seen(owner), this.#own(owner), this.#ofTeam(owner, sight)];
  }

  drop(tail: readonly (Feed | undefined)[]): void {
    for (const feed of tail) if (feed) this.#streams.release(feed);
  }

  #seen({ number, player }: TailOwner): Feed | undefined {
    const { interest } = this.#def;
    if (interest.kind !== 'visibleTo') return undefined;
    return this.#streams.hold(`seen/${number}`, 'all', () => new SeenRows(this.#world, player, interest));
  }

  #own({ number, player, row }: TailOwner): Feed | undefined {
    if (this.#def.layouts.owner.stride === 0 || row === -1 || player.spectates) return undefined;
    return this.#streams.hold(`own/${number}`, 'owner', () => new OwnRows(this.#world, player));
  }

  /** Players of one team with the same sight share it. */
  #ofTeam(owner: TailOwner, sight: Sight): Feed | undefined {
    const { team, number, player } = owner;
    const lane = this.#team;
    if (!lane || team === undefined || player.spectates) return undefined;
    const make = (among: readonly Rows[]) => () => new TeamRows(among, this.#world, { lane, team });
    // His own stream of what he is shown, if he has one: made before, so it is refreshed before.
    const shown = this.#seen(owner);
    if (!shown) {
      const among = make(sight.feeds.map((feed) => feed.rows));
      return this.#streams.hold(`team/${team}/${sight.key}`, 'team', among);
    }
    const feed = this.#streams.hold(`team/${team}/seen/${number}`, 'team', make([shown.rows]));
    this.#streams.release(shown);
    return feed;
  }
}

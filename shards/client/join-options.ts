/** What `joinShard` is told: which shard, or which others to look for. */
import type { ParamsOf } from '../core/define-shard.ts';
import type { MatchWish } from './match.ts';
import type { PlaySettings } from './play-settings.ts';

interface JoinAnyhow {
  /** How this page draws and predicts. */
  readonly play?: Partial<PlaySettings>;
}

/** A shard that is known. */
export interface JoinPlace<D> extends JoinAnyhow {
  /** Which shard of this kind. */
  readonly id: string;
  /** For a shard that is created by the join, where the server allows that. */
  readonly params?: ParamsOf<D>;
  /** Looks, later than those who play, and without an entity, where the definition lets him (`spectate`). */
  readonly spectate?: boolean;
  /** From the server's code, which let this player in; good for one seat, and for coming back to it. */
  readonly ticket?: string;
}

/** The shard of a match that is yet to be found: `joining` until then, `closed` with `timeout` if there is none. */
export interface JoinMatch extends JoinAnyhow {
  readonly match: MatchWish;
}

export type JoinOptions<D> = JoinPlace<D> | JoinMatch;

/** What a matchmaker goes by, and what it is given: the words of match-pool.ts and match-teams.ts. */

export interface Teams {
  readonly count: number;
  /** Players in each. */
  readonly size: number;
}

/** How far apart two ratings may be: a window that widens while one waits. */
export interface RatingWindow {
  readonly window: number;
  readonly widenPerSecond: number;
  /** The widest that it gets. */
  readonly max: number;
}

export interface MatchRules {
  readonly teams: Teams;
  /** Left out: ratings do not matter. */
  readonly rating?: RatingWindow | undefined;
}

/** A player or a party that waits for a match. */
export interface Waiting {
  readonly id: number;
  /** Players. */
  readonly size: number;
  /** Of a party, its mean. */
  readonly rating: number;
  /** Only those with one key play together: a map, a region. */
  readonly key: string;
  readonly sinceMs: number;
}

/** A running match with free seats. */
export interface Opening {
  readonly id: string;
  readonly key: string;
  /** The mean of those who play. */
  readonly rating: number;
  /** Seats by team. */
  readonly free: readonly number[];
}

/** Those who play together now: a new match, or who joins one that runs. */
export type Found =
  | { readonly kind: 'match'; readonly teams: readonly (readonly Waiting[])[] }
  | { readonly kind: 'joins'; readonly opening: Opening; readonly team: number; readonly waiting: Waiting };

/** Others may be so far from this rating. */
export function windowOf({ rating }: MatchRules, { sinceMs }: Waiting, nowMs: number): number {
  if (!rating) return Number.POSITIVE_INFINITY;
  return Math.min(rating.max, rating.window + (rating.widenPerSecond * (nowMs - sinceMs)) / 1000);
}

/**
 * `matchmaker(spec)`: how players of one queue come to play together. Given to `shards(defs, { matchmakers })`;
 * run by match-queue.ts.
 */
import { assert } from '../../src/base/assert.ts';
import type { Json, JsonObject } from '../../src/base/json.ts';
import type { AnyShardDef, JoinContext, ParamsOf } from '../core/define-shard.ts';
import type { RatingWindow, Teams } from './match-rules.ts';

/** Who wants to play. */
export interface Candidate {
  /** He has a user id. */
  readonly auth: JoinContext['auth'];
  /** What his page sent; null for nothing. */
  readonly data: Json;
  /** Reads a row, without policies: for his rating, for instance. */
  row(entity: string, id: string): Promise<JsonObject | null>;
}

/** As what he plays. Ratings are the server's word, never the page's. */
export interface Enters {
  /** Default 0. */
  readonly rating?: number;
  /** Only those with one key play together: a map, a region. Default none. */
  readonly key?: string;
  /** For the shard: `player.ticket` is `{ team, data }`, at most 2048 bytes as JSON; more is refused as `too_large`. */
  readonly data?: Json;
}

export interface MatchedPlayer {
  readonly userId: string;
  readonly rating: number;
  readonly data: Json;
}

export interface MatchmakerSpec<D extends AnyShardDef> {
  /** Letters, digits, `-`, `_`. */
  readonly name: string;
  /** What is played. Its definition should say `tickets: 'required'`. */
  readonly shard: D;
  readonly teams: Teams;
  /** Left out: ratings do not matter. */
  readonly rating?: RatingWindow;
  /** So long one waits at most; then the answer is Fault `timeout`. Default two minutes. */
  readonly timeoutMs?: number;
  /** Players who wait at once; one more is refused as `overloaded`. Default 20,000. */
  readonly maxWaiting?: number;
  /** So long a seat is kept for who was matched and has not come. Default 20 seconds. */
  readonly joinMs?: number;
  /** Whether players who have left running matches are replaced. Default false. */
  readonly backfill?: boolean;
  /** Asked of everybody who wants to play; a Fault that it throws refuses him. Left out: all users, unrated. */
  enter?(candidate: Candidate): Enters | Promise<Enters>;
  /** With what the shard of a match begins. */
  params(match: { readonly key: string; readonly teams: readonly (readonly MatchedPlayer[])[] }): ParamsOf<D>;
}

export interface Matchmaker<D extends AnyShardDef = AnyShardDef> extends MatchmakerSpec<D> {
  readonly timeoutMs: number;
  readonly maxWaiting: number;
  readonly joinMs: number;
  readonly backfill: boolean;
}

const NAME = /^[\w-]{1,64}$/;
const MAX_TEAM = 64;

/** Mistakes throw here, when the module loads. */
export function matchmaker<D extends AnyShardDef>(spec: MatchmakerSpec<D>): Matchmaker<D> {
  const { name, shard, teams, rating } = spec;
  assert(NAME.test(name), `a matchmaker may not be named ${JSON.stringify(name)}`);
  for (const [what, n] of Object.entries(teams))
    assert(Number.isInteger(n) && n >= 1 && n <= MAX_TEAM, `${name}: teams.${what} is ${n}`);
  const { players } = shard.limits;
  assert(teams.count * teams.size <= players, `${name}: ${shard.name} takes ${players} players`);
  if (rating) {
    const { window, widenPerSecond, max } = rating;
    const sound = window >= 0 && widenPerSecond >= 0 && max >= window;
    assert(sound, `${name}: a window of ${window} that widens by ${widenPerSecond} up to ${max}`);
  }
  const made = { timeoutMs: 120_000, maxWaiting: 20_000, joinMs: 20_000, backfill: false, ...spec };
  for (const setting of ['timeoutMs', 'maxWaiting', 'joinMs'] as const)
    assert(made[setting] > 0, `${name}: ${setting} is ${made[setting]}`);
  return made;
}

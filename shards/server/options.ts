/** Settings of the shards plugin that only the server knows. What both sides keep to is in core/limits.ts. [N3] */
import { assert } from '../../src/base/assert.ts';
import type { Json } from '../../src/base/json.ts';
import { DEFAULT_LADDER, type LadderOptions, resolveLadder } from './ladder.ts';

/** A shard that exists from the start, never stops for being empty, and begins anew after a failure. */
export interface PinnedShard {
  /** The key of the definition in `shards({ arena })`. */
  readonly shard: string;
  readonly id: string;
  readonly params?: Json;
}

export interface ShardsOptions {
  readonly start: readonly PinnedShard[];
  /** Whether a join may create the shard it names, with the params it brings. */
  readonly createOnJoin: boolean;
  /** Shards at once in this process. */
  readonly maxShards: number;
  /** How long the seat of a player with a user id is kept after his connection was lost. */
  readonly graceMs: number;
  /** How long an empty shard lives on, unless it is pinned. */
  readonly idleMs: number;
  /** What becomes of players who are slow to acknowledge frames. [T5] */
  readonly slow: LadderOptions;
  /** Ticks that a late shard makes up for in one turn; the time beyond is dropped. [T9] */
  readonly maxCatchUpTicks: number;
}

export const DEFAULT_SHARDS_OPTIONS: ShardsOptions = {
  start: [],
  createOnJoin: false,
  maxShards: 256,
  graceMs: 15_000,
  idleMs: 30_000,
  slow: DEFAULT_LADDER,
  maxCatchUpTicks: 3,
};

export function resolveOptions(given: Partial<ShardsOptions>): ShardsOptions {
  const slow = resolveLadder(given.slow ?? {});
  const options = { ...DEFAULT_SHARDS_OPTIONS, ...given, slow };
  for (const name of ['maxShards', 'maxCatchUpTicks'] as const) {
    assert(options[name] > 0, `shards option ${name} is ${options[name]}`);
  }
  for (const name of ['graceMs', 'idleMs'] as const) {
    assert(options[name] >= 0, `shards option ${name} is ${options[name]}`);
  }
  return options;
}

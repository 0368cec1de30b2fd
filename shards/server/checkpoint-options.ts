/** Settings of what outlives the process; all in `checkpoint` of the shards plugin. */
import { assert } from '../../src/base/assert.ts';
import type { InputLogOptions } from './input-log.ts';

export interface CheckpointOptions extends InputLogOptions {
  /** Between two checkpoints of a shard: so much of its world is lost at most. */
  readonly everyMs: number;
  /** The keys of the definitions whose shards are kept; left out, all. */
  readonly shards: readonly string[] | undefined;
  /** Also log what happens between two checkpoints, so that nothing is lost. */
  readonly inputLog: boolean;
  /**
   * What becomes of a checkpoint that another version of the definition has written, when the one of now has no place
   * for all that is in it: `refuse` does not start the server, `migrate` lets go of what has no place, `anew` forgets
   * the checkpoint. When there is a place for all of it, it is taken over without being asked.
   */
  readonly changed: 'refuse' | 'migrate' | 'anew';
}

export const DEFAULT_CHECKPOINT: CheckpointOptions = {
  everyMs: 10_000,
  shards: undefined,
  inputLog: false,
  inputLogMs: 0,
  inputLogBytes: 16 << 20,
  changed: 'refuse',
};

/** `defs` by their keys. */
export function resolveCheckpoint(
  given: Partial<CheckpointOptions>,
  defs: ReadonlyMap<string, unknown>,
): CheckpointOptions {
  const options = { ...DEFAULT_CHECKPOINT, ...given };
  for (const key of options.shards ?? []) assert(defs.has(key), `no shard ${key} to keep`);
  for (const name of ['everyMs', 'inputLogBytes'] as const)
    assert(options[name] > 0, `checkpoint.${name} is ${options[name]}`);
  assert(options.inputLogMs >= 0, `checkpoint.inputLogMs is ${options.inputLogMs}`);
  return options;
}

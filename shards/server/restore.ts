/**
 * Shards that outlived the process, at its start: their last checkpoints, and what was logged since, computed again
 * and compared with the hashes in the log. What cannot be restored as it was is never dropped in silence. [T7]
 */
import type { Log } from '../../src/base/env.ts';
import { Fault, toFault } from '../../src/base/fault.ts';
import { parseShape } from '../../src/base/shape.ts';
import type { AnyShardDef } from '../core/define-shard.ts';
import { lostComponents } from '../core/world-copy.ts';
import type { CheckpointOptions } from './checkpoint-options.ts';
import type { Checkpoint, CheckpointTable, ShardKey } from './checkpoint-table.ts';
import type { LogBatch } from './journal.ts';
import { Replay } from './replay.ts';
import type { ShardState } from './shard-state.ts';
import { decodeState } from './state-codec.ts';

type RestoreOptions = Pick<CheckpointOptions, 'changed'>;

export interface RestoreDeps {
  readonly log: Log;
  readonly table: CheckpointTable;
  /** By their names. */
  readonly defs: ReadonlyMap<string, AnyShardDef>;
  /** Begins a shard with what was saved. */
  resume(def: AnyShardDef, state: ShardState): void;
}

/** Rejects with Fault `conflict` when a definition has changed and `changed` is `refuse`. */
export async function restoreShards(deps: RestoreDeps, options: RestoreOptions): Promise<void> {
  await deps.table.tidy();
  for (const checkpoint of await deps.table.list()) await restoreShard(deps, checkpoint, options);
}

/** One that ended with its thread, from its last checkpoint. */
export async function recoverShard(deps: RestoreDeps, key: ShardKey, options: RestoreOptions): Promise<void> {
  const all = await deps.table.list();
  const checkpoint = all.find(({ name, id }) => name === key.name && id === key.id);
  if (checkpoint) await restoreShard(deps, checkpoint, options);
}

async function restoreShard(
  deps: RestoreDeps,
  checkpoint: Checkpoint,
  { changed }: RestoreOptions,
): Promise<void> {
  const { name, id, tick } = checkpoint;
  const def = deps.defs.get(name);
  if (!def) {
    deps.log.warn('shard.not_restored', {
      shard: name,
      id,
      reason: 'there is no such definition any more',
    });
    return;
  }
  const { state, log } = await readState(deps, checkpoint);
  const lost = state ? lossOf(def, state) : 'it cannot be read';
  if (lost !== undefined && changed === 'refuse') {
    throw new Fault(
      'conflict',
      `the checkpoint of shard ${name}/${id} does not fit its definition: ${lost}; see the option checkpoint.changed`,
      { shard: name, id },
    );
  }
  if (!state || (lost !== undefined && changed === 'anew')) {
    deps.log.warn('shard.not_restored', { shard: name, id, tick, reason: lost });
    await deps.table.remove(checkpoint);
    return;
  }
  if (state.hash !== def.hash)
    deps.log.warn('shard.migrated', { shard: name, id, tick, lost, logged: log.length });
  const batch = log.at(-1)?.number ?? state.batch; // what was logged by another version cannot be computed again
  try {
    const now = state.hash === def.hash ? recompute(deps.log, def, { state, log }) : { ...state, batch };
    deps.resume(def, now);
    deps.log.info('shard.restored', { shard: name, id, tick: now.world.tick, seats: now.seats.length });
  } catch (error) {
    deps.log.error('shard.not_restored', { shard: name, id, reason: toFault(error).message, error });
  }
}

async function readState(
  { table, log: logger }: RestoreDeps,
  checkpoint: Checkpoint,
): Promise<{ state: ShardState | undefined; log: LogBatch[] }> {
  const { state, log } = await table.load(checkpoint);
  try {
    return { state: decodeState(state), log };
  } catch (error) {
    logger.error('shard.checkpoint_broken', { shard: checkpoint.name, id: checkpoint.id, error });
    return { state: undefined, log };
  }
}

/** What of a state has no place in a definition; undefined when all has. */
function lossOf(def: AnyShardDef, { hash, params, world }: ShardState): string | undefined {
  if (hash === def.hash) return undefined;
  const lost = lostComponents(world, def.entityType);
  if (lost.length > 0)
    return `components that are not there any more, or are of another kind: ${lost.join(', ')}`;
  if (world.ids.length > def.limits.entities) return `${world.ids.length} entities`;
  try {
    parseShape(def.params, params, 'params');
    return undefined;
  } catch (error) {
    return toFault(error).message;
  }
}

/**
 * The state after all that was logged. Where what is computed differs from what was, the last tick whose hash agrees
 * is taken: a log never makes it worse than the checkpoint is.
 */
export function recompute(
  logger: Log,
  def: AnyShardDef,
  { state, log }: { state: ShardState; log: readonly LogBatch[] },
): ShardState {
  if (log.length === 0) return state;
  const run = (lastTick?: number) => {
    const replay = new Replay(def, state);
    for (const batch of log) replay.apply(batch, lastTick);
    return replay;
  };
  const replay = run();
  const { divergence, verifiedTick } = replay;
  const batch = log.at(-1)!.number;
  if (!divergence) return { ...replay.state(), batch };
  logger.warn('shard.log_diverged', {
    shard: def.name,
    id: state.id,
    ...divergence,
    restoredTick: verifiedTick,
  });
  return { ...run(verifiedTick).state(), batch };
}

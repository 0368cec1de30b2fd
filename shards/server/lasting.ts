/**
 * What of shards outlives them and their process: checkpoints, the input log, recordings. The plugin makes one; the
 * directory tells it what begins and ends. [T7]
 */
import type { Env } from '../../src/base/env.ts';
import { Fault } from '../../src/base/fault.ts';
import type { Gauge } from '../../src/plugin/plugin.ts';
import type { Store } from '../../src/store/store.ts';
import type { AnyShardDef } from '../core/define-shard.ts';
import { type CheckpointOptions, resolveCheckpoint } from './checkpoint-options.ts';
import { CHECKPOINT_TABLES, CheckpointTable } from './checkpoint-table.ts';
import { Keeper } from './keeper.ts';
import { LogTaps } from './log-taps.ts';
import type { ShardsOptions } from './options.ts';
import { Recorder, resolveRecord } from './recorder.ts';
import type { Recording, RecordingOptions } from './recording.ts';
import { type RestoreDeps, recoverShard, restoreShards } from './restore.ts';
import type { HostedShard } from './shard-host.ts';
import type { ShardState } from './shard-state.ts';

export class Lasting {
  readonly #env: Env;
  readonly #defs: ReadonlyMap<string, AnyShardDef>;
  readonly #taps = new LogTaps();
  readonly #recorder: Recorder;
  readonly #recorded: readonly string[] | undefined;
  readonly #checkpoints:
    | { readonly table: CheckpointTable; readonly keeper: Keeper; readonly options: CheckpointOptions }
    | undefined;

  /** `defs` by their keys in `shards({ arena })`. */
  constructor(
    env: Env,
    deps: { store: Store; defs: ReadonlyMap<string, AnyShardDef> },
    { checkpoint, record }: Pick<ShardsOptions, 'checkpoint' | 'record'>,
  ) {
    this.#env = env;
    this.#defs = deps.defs;
    const recordOptions = record && resolveRecord(record, deps.defs);
    this.#recorder = new Recorder(env, this.#taps, recordOptions);
    this.#recorded = recordOptions?.shards;
    if (!checkpoint) return;
    const options = resolveCheckpoint(checkpoint, deps.defs);
    const table = new CheckpointTable(deps.store);
    const keeper = new Keeper(env, { table, taps: this.#taps }, options);
    this.#checkpoints = { table, keeper, options };
  }

  get tables(): readonly string[] {
    return this.#checkpoints ? CHECKPOINT_TABLES : [];
  }

  get gauges(): Gauge[] {
    const gauge = (name: string, help: string, read: () => number): Gauge => ({
      name: `ternion_shards_${name}`,
      help,
      read,
    });
    const recordings = gauge('recordings', 'Recordings under way', () => this.#recorder.size);
    if (!this.#checkpoints) return [recordings];
    const { keeper } = this.#checkpoints;
    return [
      recordings,
      gauge('checkpoints', 'Checkpoints written', () => keeper.counts.checkpoints),
      gauge('checkpoints_failed', 'Checkpoints that could not be written', () => keeper.counts.failed),
      gauge('checkpoint_bytes', 'Bytes of the last checkpoint', () => keeper.counts.bytes),
      gauge('input_log_dropped', 'Batches of the input log that were never written', () => keeper.dropped),
    ];
  }

  /** Begins what the last process has left. Rejects with Fault `conflict`; see the option `checkpoint.changed`. */
  async restore(resume: (def: AnyShardDef, state: ShardState) => void): Promise<void> {
    if (this.#checkpoints)
      await restoreShards(this.#restoreDeps(this.#checkpoints, resume), this.#checkpoints.options);
  }

  /** Whether a shard that ends with its thread can go on in another one. */
  mayRecover(shard: HostedShard): boolean {
    return this.#checkpoints?.keeper.keeps(shard) === true;
  }

  /** Its thread has ended: it goes on from its last checkpoint, and what was logged since. Does not reject. */
  async recover(shard: HostedShard, resume: (def: AnyShardDef, state: ShardState) => void): Promise<void> {
    if (!this.#checkpoints) return;
    const { keeper, options } = this.#checkpoints;
    const { def, id } = shard;
    try {
      void this.#recorder.ended(shard);
      if (!(await keeper.lost(shard))) return;
      await recoverShard(this.#restoreDeps(this.#checkpoints, resume), { name: def.name, id }, options);
    } catch (error) {
      this.#env.log.error('shard.not_restored', { shard: def.name, id, error });
    }
  }

  began(shard: HostedShard): void {
    if (this.#isOne(shard.def, this.#checkpoints?.options.shards)) this.#checkpoints?.keeper.began(shard);
    if (this.#isOne(shard.def, this.#recorded)) this.#recorder.began(shard);
  }

  ended(shard: HostedShard): void {
    this.#checkpoints?.keeper.ended(shard);
    void this.#recorder.ended(shard);
  }

  /** A player has taken a seat. */
  seated(shard: HostedShard): void {
    this.#checkpoints?.keeper.soon(shard);
  }

  /** Resolves when a checkpoint of now is durable. Rejects with Fault `invalid` when such shards are not kept. */
  async checkpoint(shard: HostedShard): Promise<void> {
    if (!this.#checkpoints || !this.#isOne(shard.def, this.#checkpoints.options.shards))
      throw new Fault('invalid', `shards of the kind ${shard.def.name} have no checkpoints`);
    await this.#checkpoints.keeper.save(shard);
  }

  /** Records a shard into a new file. Rejects as the file system does. */
  record(shard: HostedShard, path: string, options: Partial<RecordingOptions>): Promise<Recording> {
    return this.#recorder.record(shard, path, options);
  }

  /** The last checkpoints; what ends from now on ends with the process, and will go on with the next. */
  async close(): Promise<void> {
    await this.#recorder.close();
    await this.#checkpoints?.keeper.close();
  }

  #restoreDeps({ table }: { table: CheckpointTable }, resume: RestoreDeps['resume']): RestoreDeps {
    const defs = new Map([...this.#defs.values()].map((def) => [def.name, def]));
    return { log: this.#env.log, table, defs, resume };
  }

  /** `keys`: of definitions; undefined are all. */
  #isOne(def: AnyShardDef, keys: readonly string[] | undefined): boolean {
    return !keys || keys.some((key) => this.#defs.get(key) === def);
  }
}

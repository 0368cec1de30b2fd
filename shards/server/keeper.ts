/**
 * Keeps the shards of this process so that they outlive it: writes a checkpoint of each every `everyMs`, one after
 * another, and what happens between two of them if that is wanted. Told by the directory what begins and ends; runs
 * on the main thread, wherever the shards do.
 * [T3] No tick waits: a shard copies its columns between two ticks, and all else happens beside it.
 * [T7] What was saved is there after a kill; what was logged, too.
 *
 *   waiting --due--> saving --durable or failed--> waiting        any --the shard ends--> removed
 */
import type { Cancel, Env } from '../../src/base/env.ts';
import { isFault } from '../../src/base/fault.ts';
import type { CheckpointOptions } from './checkpoint-options.ts';
import type { CheckpointTable } from './checkpoint-table.ts';
import { InputLog } from './input-log.ts';
import type { LogTaps } from './log-taps.ts';
import type { HostedShard } from './shard-host.ts';

/** Who has just come is in a checkpoint after so long; so close together they are at most. */
const SOON_MS = 1000;

interface Kept {
  readonly shard: HostedShard;
  dueMs: number;
  savedMs: number;
  /** Its state when it was written last. */
  saved: Uint8Array | undefined;
  loggedBytes: number;
  stopLog: Cancel | undefined;
}

export class Keeper {
  readonly #env: Env;
  readonly #table: CheckpointTable;
  readonly #taps: LogTaps;
  readonly #options: CheckpointOptions;
  readonly #kept = new Map<HostedShard, Kept>();
  readonly #inputs: InputLog;
  #timer: Cancel | undefined;
  #saving: Promise<void> | undefined;
  #closed = false;
  readonly counts = { checkpoints: 0, failed: 0, bytes: 0 };

  constructor(env: Env, deps: { table: CheckpointTable; taps: LogTaps }, options: CheckpointOptions) {
    this.#env = env;
    this.#table = deps.table;
    this.#taps = deps.taps;
    this.#options = options;
    this.#inputs = new InputLog(env, deps.table, options);
  }

  /** Batches of the input log that were never written. */
  get dropped(): number {
    return this.#inputs.dropped;
  }

  keeps(shard: HostedShard): boolean {
    return this.#kept.has(shard) && !this.#closed;
  }

  began(shard: HostedShard): void {
    const kept: Kept = {
      shard,
      dueMs: this.#env.clock.monotonic(),
      savedMs: Number.NEGATIVE_INFINITY,
      saved: undefined,
      loggedBytes: 0,
      stopLog: undefined,
    };
    this.#kept.set(shard, kept);
    if (this.#options.inputLog) kept.stopLog = this.#log(kept);
    this.#arm();
  }

  /** It is kept no longer. Not called when the process ends. */
  ended(shard: HostedShard): void {
    const kept = this.#kept.get(shard);
    if (!kept || this.#closed) return;
    kept.stopLog?.();
    this.#kept.delete(shard);
    this.#inTurn(async () => {
      // Else it would be logged after its end, and another one of its name would go on with that.
      await this.#inputs.settled();
      await this.#table.remove({ name: shard.def.name, id: shard.id });
    }).catch((error) => this.#tell(shard, error));
    this.#arm();
  }

  /** It has ended with its thread. Resolves when all that was saved and logged of it is durable; false: nothing is kept. */
  async lost(shard: HostedShard): Promise<boolean> {
    const kept = this.#kept.get(shard);
    if (!kept || this.#closed) return false;
    kept.stopLog?.();
    this.#kept.delete(shard);
    await this.#inTurn(() => this.#inputs.settled());
    return true;
  }

  /** A player has a seat now: it shall be in a checkpoint before long. */
  soon(shard: HostedShard): void {
    const kept = this.#kept.get(shard);
    if (!kept) return;
    kept.dueMs = Math.min(kept.dueMs, kept.savedMs + SOON_MS);
    this.#arm();
  }

  /** Writes a checkpoint now. Resolves when it is durable; rejects as the store does. */
  async save(shard: HostedShard): Promise<void> {
    const kept = this.#kept.get(shard);
    if (kept) await this.#inTurn(() => this.#save(kept));
  }

  /** Writes a last checkpoint of all. What ends from now on is kept. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.();
    for (const { stopLog } of this.#kept.values()) stopLog?.();
    await this.#inputs.settled();
    for (const kept of this.#kept.values()) {
      await this.#inTurn(() => this.#save(kept)).catch((error) => this.#tell(kept.shard, error));
    }
  }

  #log(kept: Kept): Cancel {
    const { def, id } = kept.shard;
    const key = { name: def.name, id };
    const hashTicks = def.eventDriven ? 1 : def.tickRate;
    return this.#taps.add(kept.shard, hashTicks, (batch) => {
      kept.loggedBytes += batch.bytes.length;
      const taken =
        kept.loggedBytes <= 2 * this.#options.inputLogBytes && this.#inputs.add({ key, ...batch });
      // What is logged behind a gap is of no use, and a log that has grown long takes long to compute again.
      if (!taken || kept.loggedBytes > this.#options.inputLogBytes) this.soon(kept.shard);
    });
  }

  #arm(): void {
    this.#timer?.();
    this.#timer = undefined;
    if (this.#saving || this.#closed || this.#kept.size === 0) return;
    const dueMs = Math.min(...[...this.#kept.values()].map((kept) => kept.dueMs));
    this.#timer = this.#env.clock.after(dueMs - this.#env.clock.monotonic(), () => this.#run());
  }

  #run(): void {
    const nowMs = this.#env.clock.monotonic();
    const due = [...this.#kept.values()].find(({ dueMs }) => dueMs <= nowMs);
    if (due) this.#inTurn(() => this.#save(due)).catch((error) => this.#tell(due.shard, error));
    else this.#arm();
  }

  /** One state at a time is in memory and on its way. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const run: Promise<void> = (this.#saving ?? Promise.resolve()).then(work);
    const settled = run.then(
      () => {},
      () => {},
    );
    this.#saving = settled;
    void settled.then(() => {
      if (this.#saving !== settled) return;
      this.#saving = undefined;
      this.#arm();
    });
    return run;
  }

  async #save(kept: Kept): Promise<void> {
    const { shard } = kept;
    kept.savedMs = this.#env.clock.monotonic();
    kept.dueMs = kept.savedMs + this.#options.everyMs;
    if (!shard.running) return;
    try {
      kept.loggedBytes = 0;
      const { bytes, batch, tick } = await shard.save();
      if (kept.saved && sameBytes(kept.saved, bytes)) return;
      if (!this.#kept.has(shard)) return; // it has ended meanwhile
      await this.#table.save(
        { name: shard.def.name, id: shard.id, hash: shard.def.hash, tick, batch },
        bytes,
      );
      kept.saved = shard.def.eventDriven ? bytes : undefined; // those that tick are never the same again
      this.counts.checkpoints++;
      this.counts.bytes = bytes.length;
    } catch (error) {
      this.counts.failed++;
      throw error;
    }
  }

  #tell({ def, id }: HostedShard, error: unknown): void {
    if (isFault(error, 'unavailable')) return; // the shard or the server has ended
    this.#env.log.error('shard.checkpoint_failed', { shard: def.name, id, error });
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

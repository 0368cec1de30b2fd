/**
 * The input log: what happens in shards between their checkpoints, made durable batch by batch. While one commit is
 * under way the next batches wait together; above `inputLogBytes` they are dropped, and what follows the gap is of no
 * use until the shard's next checkpoint, which is asked for. A tick waits for none of this. [T3] [T7]
 */
import type { Env } from '../../src/base/env.ts';
import { isFault } from '../../src/base/fault.ts';
import type { CheckpointTable, LoggedBatch } from './checkpoint-table.ts';

export interface InputLogOptions {
  /** Bytes that wait to be written. */
  readonly inputLogBytes: number;
  /** Commits are no closer together than this. */
  readonly inputLogMs: number;
}

export class InputLog {
  readonly #env: Env;
  readonly #table: CheckpointTable;
  readonly #options: InputLogOptions;
  #waiting: LoggedBatch[] = [];
  #waitingBytes = 0;
  #isWriting = false;
  #dropped = 0;
  /** Batches that were taken, and of those the ones that are written or lost. */
  #taken = 0;
  #settled = 0;
  /** Who waits until so many are settled, in order. */
  readonly #waiters: { readonly count: number; readonly resolve: () => void }[] = [];

  constructor(env: Env, table: CheckpointTable, options: InputLogOptions) {
    this.#env = env;
    this.#table = table;
    this.#options = options;
  }

  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Batches that were never written, since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  /** False: it was dropped. */
  add(batch: LoggedBatch): boolean {
    if (this.#waitingBytes + batch.bytes.length > this.#options.inputLogBytes) {
      this.#dropped++;
      return false;
    }
    this.#waiting.push(batch);
    this.#waitingBytes += batch.bytes.length;
    this.#taken++;
    if (!this.#isWriting) void this.#pump();
    return true;
  }

  /** Resolves when all that was added before this call is written, or is lost. */
  settled(): Promise<void> {
    if (this.#settled === this.#taken) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push({ count: this.#taken, resolve }));
  }

  async #pump(): Promise<void> {
    const { clock, log } = this.#env;
    this.#isWriting = true;
    await new Promise<void>((resolve) => clock.soon(resolve)); // what comes in this turn goes together
    while (this.#waiting.length > 0) {
      const batches = this.#waiting;
      const beganMs = clock.monotonic();
      this.#waiting = [];
      try {
        await this.#table.log(batches);
      } catch (error) {
        this.#dropped += batches.length;
        if (!isFault(error, 'unavailable'))
          log.error('shard.input_log_failed', { batches: batches.length, error });
      }
      for (const { bytes } of batches) this.#waitingBytes -= bytes.length;
      this.#settled += batches.length;
      while (this.#waiters[0] && this.#waiters[0].count <= this.#settled) this.#waiters.shift()!.resolve();
      const restMs = beganMs + this.#options.inputLogMs - clock.monotonic();
      if (restMs > 0) await new Promise<void>((resolve) => clock.after(restMs, resolve));
    }
    this.#isWriting = false;
  }
}

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
  #writing: Promise<void> | undefined;
  #dropped = 0;

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
    this.#writing ??= this.#pump();
    return true;
  }

  /** Resolves when nothing waits. */
  async idle(): Promise<void> {
    await this.#writing;
  }

  async #pump(): Promise<void> {
    const { clock, log } = this.#env;
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
      const restMs = beganMs + this.#options.inputLogMs - clock.monotonic();
      if (restMs > 0) await new Promise<void>((resolve) => clock.after(restMs, resolve));
    }
    this.#writing = undefined;
  }
}

/**
 * One recording of one shard under way: its state as it was at the beginning, what happens, and its state again every
 * `keyMs`, so that a replay can say what differs. Beside the shard: no tick waits for the disk [T3], and a disk that is
 * too slow ends the recording. Made by recorder.ts.
 *
 *   running --stop(), the shard ends--> stopped        running --maxBytes--> full        running --disk--> failed
 */
import { type FileHandle, open } from 'node:fs/promises';
import type { Cancel, Env } from '../../src/base/env.ts';
import { Fault, isFault } from '../../src/base/fault.ts';
import type { LogBatch } from './journal.ts';
import type { LogTaps } from './log-taps.ts';
import { batchPart, recordingHead, statePart } from './recording-file.ts';
import type { HostedShard } from './shard-host.ts';

export interface RecordingOptions {
  /** Bytes of a recording; it ends when it is full. */
  readonly maxBytes: number;
  /** Between two states in it. */
  readonly keyMs: number;
  /** The hash of the world is in it every so many ticks; 0: once a second. 1 finds the very tick that differs. */
  readonly hashTicks: number;
}

export const DEFAULT_RECORDING: RecordingOptions = { maxBytes: 64 << 20, keyMs: 10_000, hashTicks: 0 };

/** Bytes that wait for the disk; more, and it is too slow. */
const MAX_WAITING_BYTES = 16 << 20;

export class Recording {
  readonly path: string;
  readonly #env: Env;
  readonly #shard: HostedShard;
  readonly #options: RecordingOptions;
  readonly #file: FileHandle;
  readonly #stopLog: Cancel;
  #state: 'running' | 'stopped' | 'full' | 'failed' = 'running';
  #bytes = 0;
  #hasState = false;
  /** Parts that wait for the disk. */
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #writing: Promise<void> | undefined;
  /** While a state is on its way: what comes after it must stand behind it. */
  #behind: LogBatch[] | undefined;
  #key: Cancel | undefined;
  #ended: (() => void) | undefined;

  /** `ended` is called once, when it is over for whatever reason. */
  constructor(
    env: Env,
    deps: { shard: HostedShard; taps: LogTaps; file: FileHandle; path: string; ended?: () => void },
    options: RecordingOptions,
  ) {
    const { shard } = deps;
    this.#env = env;
    this.#shard = shard;
    this.#file = deps.file;
    this.#ended = deps.ended;
    this.path = deps.path;
    this.#options = options;
    this.#write(recordingHead());
    const secondTicks = shard.def.eventDriven ? 1 : shard.def.tickRate;
    this.#stopLog = deps.taps.add(shard, options.hashTicks || secondTicks, (batch) => {
      if (this.#behind) this.#behind.push(batch);
      else this.#write(batchPart(batch));
    });
    void this.#saveState();
  }

  /** `full` and `failed` are over, too. */
  get state(): 'running' | 'stopped' | 'full' | 'failed' {
    return this.#state;
  }

  /** Written, or about to be. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Resolves when the file is whole. */
  async stop(): Promise<void> {
    this.#end('stopped');
    await this.#writing;
  }

  async #saveState(): Promise<void> {
    this.#behind = [];
    try {
      const { bytes, batch } = await this.#shard.save();
      const held = this.#behind;
      this.#behind = undefined;
      for (const each of held) if (each.number <= batch) this.#write(batchPart(each));
      const part = statePart(bytes);
      // Another file would be full at once, too: this is no reason to begin one.
      if (!this.#hasState && this.#bytes + part.length > this.#options.maxBytes)
        return this.#end(
          'failed',
          new Fault('too_large', `a state has ${bytes.length} bytes, over maxBytes`),
        );
      this.#hasState = true;
      this.#write(part);
      for (const each of held) if (each.number > batch) this.#write(batchPart(each));
    } catch (error) {
      if (isFault(error, 'unavailable'))
        this.#end('stopped'); // the shard has ended
      else this.#end('failed', error);
    }
    if (this.#state === 'running')
      this.#key = this.#env.clock.after(this.#options.keyMs, () => void this.#saveState());
  }

  #write(part: Uint8Array): void {
    if (this.#state !== 'running') return;
    if (this.#bytes + part.length > this.#options.maxBytes) return this.#end('full');
    if (this.#waitingBytes + part.length > MAX_WAITING_BYTES)
      return this.#end('failed', new Fault('overloaded', 'the disk is too slow'));
    this.#bytes += part.length;
    this.#waitingBytes += part.length;
    this.#waiting.push(part);
    this.#writing ??= this.#pump();
  }

  async #pump(): Promise<void> {
    await new Promise<void>((resolve) => this.#env.clock.soon(resolve)); // what comes in this turn goes together
    try {
      while (this.#waiting.length > 0) {
        const parts = this.#waiting;
        this.#waiting = [];
        for (const part of parts) {
          await this.#file.write(part);
          this.#waitingBytes -= part.length;
        }
      }
    } catch (error) {
      this.#end('failed', error);
    }
    if (this.#state !== 'running') await this.#file.close().catch(() => {});
    this.#writing = undefined;
  }

  #end(state: 'stopped' | 'full' | 'failed', error?: unknown): void {
    if (this.#state !== 'running') return;
    this.#state = state;
    this.#key?.();
    this.#stopLog();
    const { def, id } = this.#shard;
    const fields = { shard: def.name, id, path: this.path, bytes: this.#bytes };
    if (state === 'failed') this.#env.log.error('shard.recording_failed', { ...fields, error });
    else this.#env.log.info(`shard.recording_${state}`, fields);
    this.#writing ??= this.#pump();
    this.#ended?.();
  }
}

/** Throws what the file system does. */
export function openRecording(path: string): Promise<FileHandle> {
  return open(path, 'w');
}

/**
 * Recordings of the shards of this process: of all of them in a folder, when the option `record` says so, and of single
 * ones when server code asks. A shard whose recording is full gets a new one; the oldest files of the folder go. [N3]
 */
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { assert } from '../../src/base/assert.ts';
import type { Env } from '../../src/base/env.ts';
import { Lane } from '../../src/base/lane.ts';
import type { LogTaps } from './log-taps.ts';
import { DEFAULT_RECORDING, openRecording, Recording, type RecordingOptions } from './recording.ts';
import type { HostedShard } from './shard-host.ts';

export interface RecordOptions extends RecordingOptions {
  /** Where the files are; made when it is not there. */
  readonly folder: string;
  /** The keys of the definitions whose shards are recorded; left out, all. */
  readonly shards: readonly string[] | undefined;
  /** Files in the folder; of more, the oldest are removed. */
  readonly files: number;
}

const ENDING = '.recording';

export class Recorder {
  readonly #env: Env;
  readonly #taps: LogTaps;
  readonly #options: RecordOptions | undefined;
  readonly #running = new Map<HostedShard, Set<Recording>>();
  /** Work on the folder. */
  readonly #lane = new Lane();
  #closed = false;

  constructor(env: Env, taps: LogTaps, options: RecordOptions | undefined) {
    this.#env = env;
    this.#taps = taps;
    this.#options = options;
  }

  /** Recordings under way. */
  get size(): number {
    let size = 0;
    for (const recordings of this.#running.values()) size += recordings.size;
    return size;
  }

  /** Rejects as the file system does. */
  async record(shard: HostedShard, path: string, options: Partial<RecordingOptions>): Promise<Recording> {
    return this.#begin(shard, path, resolveRecording(options));
  }

  /** A shard has begun that is recorded if any is. */
  began(shard: HostedShard): void {
    const { folder, files } = this.#options ?? {};
    if (folder === undefined || files === undefined || this.#closed) return;
    const at = new Date(this.#env.clock.now()).toISOString().replace(/[:.]/g, '-');
    const path = join(folder, `${shard.def.name}-${shard.id}-${at}${ENDING}`);
    this.#lane
      .run(async () => {
        await mkdir(folder, { recursive: true });
        await this.#removeOldest(folder, files - 1);
        if (shard.running && !this.#closed)
          await this.#begin(shard, path, this.#options!, () => this.began(shard));
      })
      .catch((error) =>
        this.#env.log.error('shard.recording_failed', { shard: shard.def.name, path, error }),
      );
  }

  async ended(shard: HostedShard): Promise<void> {
    const recordings = [...(this.#running.get(shard) ?? [])];
    await Promise.all(recordings.map((recording) => recording.stop()));
  }

  /** Resolves when all files are whole. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#lane.idle();
    await Promise.all([...this.#running.keys()].map((shard) => this.ended(shard)));
  }

  async #begin(
    shard: HostedShard,
    path: string,
    options: RecordingOptions,
    full?: () => void,
  ): Promise<Recording> {
    const file = await openRecording(path);
    const recordings = this.#running.get(shard) ?? new Set<Recording>();
    this.#running.set(shard, recordings);
    const ended = () => {
      recordings.delete(recording);
      if (recordings.size === 0) this.#running.delete(shard);
      if (recording.state === 'full') full?.();
    };
    const recording = new Recording(this.#env, { shard, taps: this.#taps, file, path, ended }, options);
    recordings.add(recording);
    return recording;
  }

  async #removeOldest(folder: string, kept: number): Promise<void> {
    const names = (await readdir(folder)).filter((name) => name.endsWith(ENDING));
    if (names.length <= kept) return;
    const aged = await Promise.all(
      names.map(async (name) => ({ name, ms: (await stat(join(folder, name))).mtimeMs })),
    );
    aged.sort((a, b) => a.ms - b.ms || (a.name < b.name ? -1 : 1));
    for (const { name } of aged.slice(0, names.length - kept)) await rm(join(folder, name), { force: true });
  }
}

function resolveRecording(given: Partial<RecordingOptions>): RecordingOptions {
  const options = { ...DEFAULT_RECORDING, ...given };
  for (const name of ['maxBytes', 'keyMs'] as const)
    assert(options[name] > 0, `${name} of a recording is ${options[name]}`);
  assert(Number.isInteger(options.hashTicks) && options.hashTicks >= 0, `hashTicks is ${options.hashTicks}`);
  return options;
}

/** `defs` by their keys. */
export function resolveRecord(
  given: Partial<RecordOptions> & Pick<RecordOptions, 'folder'>,
  defs: ReadonlyMap<string, unknown>,
): RecordOptions {
  const { files = 100, shards } = given;
  assert(Number.isInteger(files) && files > 0, `record.files is ${files}`);
  for (const key of shards ?? []) assert(defs.has(key), `no shard ${key} to record`);
  return { ...resolveRecording(given), folder: given.folder, files, shards };
}

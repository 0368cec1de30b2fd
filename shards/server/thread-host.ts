/**
 * Runs shards in worker threads, each on the one with the fewest players. A thread that has died is begun
 * anew with the next shard; what ran in it has stopped, and goes on only from a checkpoint (directory.ts).
 * `options.threads` threads exist from the start.
 */
import type { Env } from '../../src/base/env.ts';
import type { Fault } from '../../src/base/fault.ts';
import type { AnyShardDef } from '../core/define-shard.ts';
import { addCounts, noShardCounts, noTickCounts, type ThreadCounts } from './counts.ts';
import { type ShardsOptions, threadOptions } from './options.ts';
import type { Begin, HostedShard, ShardHost } from './shard-host.ts';
import { ShardThread } from './shard-thread.ts';
import type { SpawnThread } from './thread-message.ts';

export class ThreadHost implements ShardHost {
  readonly #env: Env;
  readonly #deps: { defs: ReadonlyMap<string, AnyShardDef>; spawn: SpawnThread };
  readonly #options: ShardsOptions;
  readonly #threads: (ShardThread | undefined)[];
  readonly #past = { ticks: noTickCounts(), shards: noShardCounts(), lateness: [] };

  /** `defs` by their names. */
  constructor(
    env: Env,
    deps: { defs: ReadonlyMap<string, AnyShardDef>; spawn: SpawnThread },
    options: ShardsOptions,
  ) {
    this.#env = env;
    this.#deps = deps;
    this.#options = options;
    this.#threads = new Array<undefined>(options.threads).fill(undefined);
  }

  /** Rejects when a thread cannot load the definitions, or has others than this one. */
  async start(): Promise<void> {
    const threads = this.#threads.map((_, place) => this.#at(place));
    try {
      await Promise.all(threads.map((thread) => thread.ready));
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  begin(def: AnyShardDef, begin: Begin, stopped: (fault: Fault | undefined) => void): HostedShard {
    return this.#at(this.#leastBusy()).begin(def, begin, stopped);
  }

  counts(): ThreadCounts[] {
    return [this.#past, ...this.#threads.flatMap((thread) => thread?.counts ?? [])];
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread?.close()));
  }

  #at(place: number): ShardThread {
    const known = this.#threads[place];
    if (known) return known;
    const thread = new ShardThread(
      this.#env,
      {
        ...this.#deps,
        died: ({ counts }) => {
          addCounts(this.#past.ticks, counts.ticks);
          addCounts(this.#past.shards, { ...counts.shards, cells: 0, streams: 0 });
          this.#threads[place] = undefined;
        },
      },
      threadOptions(this.#options),
    );
    this.#threads[place] = thread;
    return thread;
  }

  #leastBusy(): number {
    let best = 0;
    const busy = (place: number) => {
      const thread = this.#threads[place];
      return thread ? thread.players * 1000 + thread.shards : 0;
    };
    for (let place = 1; place < this.#threads.length; place++) if (busy(place) < busy(best)) best = place;
    return best;
  }
}

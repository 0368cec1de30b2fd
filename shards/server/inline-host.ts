/** Runs shards on the main thread: no copies, no waiting, and `world` within reach of server code. */
import type { Env } from '../../src/base/env.ts';
import type { Fault } from '../../src/base/fault.ts';
import type { Json } from '../../src/base/json.ts';
import type { Channel } from '../../src/plugin/channel.ts';
import type { AnyShardDef } from '../core/define-shard.ts';
import type { Player } from '../core/player.ts';
import type { ThreadCounts } from './counts.ts';
import type { LogBatch } from './journal.ts';
import type { ThreadOptions } from './options.ts';
import { PlayerChannel } from './player-channel.ts';
import { Runner } from './runner.ts';
import { saveShard } from './save-shard.ts';
import type { Shard } from './shard.ts';
import type { Begin, Entry, HostedShard, PlayerHandler, SavedShard, ShardHost } from './shard-host.ts';
import { SpectatorChannel } from './spectator-channel.ts';

export class InlineHost implements ShardHost {
  readonly #env: Env;
  readonly #runner: Runner;

  constructor(env: Env, options: ThreadOptions) {
    this.#env = env;
    this.#runner = new Runner(env, options);
  }

  async start(): Promise<void> {}

  begin(def: AnyShardDef, begin: Begin, stopped: (fault: Fault | undefined) => void): HostedShard {
    return new InlineShard(this.#env, this.#runner.begin(def, begin, { stopped }));
  }

  counts(): ThreadCounts[] {
    return [this.#runner.counts()];
  }

  async close(): Promise<void> {
    this.#runner.close();
  }
}

class InlineShard implements HostedShard {
  readonly #env: Env;
  readonly #shard: Shard;

  constructor(env: Env, shard: Shard) {
    this.#env = env;
    this.#shard = shard;
  }

  get def(): AnyShardDef {
    return this.#shard.def;
  }

  get id(): string {
    return this.#shard.id;
  }

  get params(): unknown {
    return this.#shard.params;
  }

  get running(): boolean {
    return this.#shard.running;
  }

  get world(): HostedShard['world'] {
    return this.#shard.world;
  }

  get players(): readonly Player[] {
    return [...this.#shard.players];
  }

  async join(channel: Channel, entry?: Entry): Promise<PlayerHandler> {
    return entry?.spectates
      ? new SpectatorChannel(channel, this.#shard)
      : new PlayerChannel(channel, this.#shard, entry);
  }

  /** Question and answer are copies, as they are between threads. */
  async ask(question: Json): Promise<Json> {
    return structuredClone(this.#shard.ask(structuredClone(question)));
  }

  wake(): void {
    this.#shard.wake();
  }

  save(): Promise<SavedShard> {
    return saveShard(this.#env.clock, this.#shard);
  }

  log(hashTicks: number, logged: (batch: LogBatch) => void): void {
    this.#shard.log(hashTicks, logged);
  }

  stop(fault?: Fault): void {
    this.#shard.stop(fault);
  }
}

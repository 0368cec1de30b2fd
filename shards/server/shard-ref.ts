/** A running shard as server code sees it. Given out by directory.ts, always the same one for a shard. */
import type { Json } from '../../src/base/json.ts';
import type { AnyShardDef, WorldOf } from '../core/define-shard.ts';
import type { Player } from '../core/player.ts';
import type { HostedShard } from './shard-host.ts';

/** A shard by its definition and its id, running or not. */
export interface ShardPlace {
  readonly def: AnyShardDef;
  readonly id: string;
}

export interface ShardRef<D> extends ShardPlace {
  readonly running: boolean;
  /**
   * Change it between ticks only, that is: not across `await`; in an event-driven shard, `wake` it then. A
   * shard in a thread has its world there: reading this throws Fault `unsupported`. `ask` works everywhere.
   */
  readonly world: WorldOf<D>;
  readonly players: readonly Player[];
  /** What the lobby shows of it: what was set here, else what the definition's `summary` says now. */
  summary: Json;
  /**
   * Has the definition's `answer` answer, between two ticks. Rejects with the Fault that `answer` throws, `invalid`
   * when there is none, `unavailable` when the shard has stopped, `overloaded` when too many wait for a thread.
   */
  ask(question: Json): Promise<Json>;
  /**
   * Sends a player on to another shard, which sees `data` as his `ticket`. His seat here is given up when he has taken
   * the other, never before; that is when this resolves. Rejects with Fault `unavailable` when he is not connected,
   * `conflict` when he is on his way already, `timeout` when he has not come within `transferMs`: then he stays. [T12]
   */
  transfer(player: Player, to: ShardPlace, data?: Json): Promise<void>;
  /** An event-driven shard computes a tick soon. */
  wake(): void;
  stop(): void;
}

/** What sends players on. */
export interface Transferring {
  begin(from: HostedShard, player: Player, on: { to: ShardPlace; data: Json | undefined }): Promise<void>;
}

export class LiveShard implements ShardRef<AnyShardDef> {
  readonly #shard: HostedShard;
  readonly #transfers: Transferring;
  #summary: Json | undefined;

  constructor(shard: HostedShard, transfers: Transferring) {
    this.#shard = shard;
    this.#transfers = transfers;
  }

  get def(): AnyShardDef {
    return this.#shard.def;
  }

  get id(): string {
    return this.#shard.id;
  }

  get running(): boolean {
    return this.#shard.running;
  }

  get world(): WorldOf<AnyShardDef> {
    return this.#shard.world;
  }

  get players(): readonly Player[] {
    return this.#shard.players;
  }

  get summary(): Json {
    const { def, id, params, players } = this.#shard;
    return this.#summary ?? def.summary?.({ id, params, players }) ?? null;
  }

  set summary(summary: Json) {
    this.#summary = summary;
  }

  ask(question: Json): Promise<Json> {
    return this.#shard.ask(question);
  }

  transfer(player: Player, { def, id }: ShardPlace, data?: Json): Promise<void> {
    return this.#transfers.begin(this.#shard, player, { to: { def, id }, data });
  }

  wake(): void {
    this.#shard.wake();
  }

  stop(): void {
    this.#shard.stop();
  }
}

/**
 * All shards of this process, by kind and id. Server code creates, finds and stops them here
 * (`plugin.directory`); shard-channel.ts finds the one that a client asks for.
 */
import { assert } from '../../src/base/assert.ts';
import type { Env } from '../../src/base/env.ts';
import { Fault } from '../../src/base/fault.ts';
import { isId, newId } from '../../src/base/id.ts';
import type { Json } from '../../src/base/json.ts';
import { parseShape } from '../../src/base/shape.ts';
import type { AnyShardDef, ParamsOf, WorldOf } from '../core/define-shard.ts';
import type { Player } from '../core/player.ts';
import type { ShardsOptions } from './options.ts';
import type { HostedShard, ShardHost } from './shard-host.ts';

/** A running shard as server code sees it. */
export interface ShardRef<D> {
  readonly def: AnyShardDef;
  readonly id: string;
  readonly running: boolean;
  /**
   * Change it between ticks only, that is: not across `await`; in an event-driven shard, `wake` it then. A
   * shard in a thread has its world there: reading this throws Fault `unsupported`. `ask` works everywhere.
   */
  readonly world: WorldOf<D>;
  readonly players: readonly Player[];
  /**
   * Has the definition's `answer` answer, between two ticks. Rejects with the Fault that `answer` throws, `invalid`
   * when there is none, `unavailable` when the shard has stopped, `overloaded` when too many wait for a thread.
   */
  ask(question: Json): Promise<Json>;
  /** An event-driven shard computes a tick soon. */
  wake(): void;
  stop(): void;
}

/** A shard of `options.start`. */
interface Pin {
  readonly def: AnyShardDef;
  readonly id: string;
  readonly params: unknown;
}

export class Directory {
  readonly #env: Env;
  readonly #host: ShardHost;
  readonly #options: ShardsOptions;
  readonly #shards = new Map<string, HostedShard>();
  readonly #pins = new Map<string, Pin>();
  #failed = 0;

  /** `defs` by their keys in `shards({ arena })`. */
  constructor(
    env: Env,
    deps: { defs: ReadonlyMap<string, AnyShardDef>; host: ShardHost },
    options: ShardsOptions,
  ) {
    this.#env = env;
    this.#host = deps.host;
    this.#options = options;
    for (const { shard, id, params = {} } of options.start) {
      const def = deps.defs.get(shard);
      assert(def, `no shard ${shard} to start`);
      this.#pins.set(keyOf(def.name, id), { def, id, params: parseShape(def.params, params, 'params') });
    }
  }

  /**
   * Begins a shard. Throws Fault `conflict` when the id is taken, `invalid` for bad params, `overloaded` at the
   * limit, and `internal` when its `start` throws, but not from a thread: there it stops a moment later.
   */
  create<D extends AnyShardDef>(def: D, params: ParamsOf<D>, id: string = newId(this.#env)): ShardRef<D> {
    const parsed = parseShape(def.params, params, 'params');
    return this.#ref<D>(this.#create({ def, id, params: parsed }));
  }

  /** Throws what `create` would throw now, but for what `start` throws; gives the id that it would have. */
  check(def: AnyShardDef, params: unknown, id: string = newId(this.#env)): { id: string } {
    parseShape(def.params, params, 'params');
    this.#checkPlace(keyOf(def.name, id), id);
    return { id };
  }

  find<D extends AnyShardDef>(def: D, id: string): ShardRef<D> | undefined {
    const shard = this.#shards.get(keyOf(def.name, id));
    return shard && this.#ref<D>(shard);
  }

  findOrCreate<D extends AnyShardDef>(def: D, params: ParamsOf<D>, id: string): ShardRef<D> {
    return this.find(def, id) ?? this.create(def, params, id);
  }

  /** Running shards, of one kind or of all. */
  list<D extends AnyShardDef = AnyShardDef>(def?: D): ShardRef<D>[] {
    const shards = [...this.#shards.values()].filter((shard) => !def || shard.def.name === def.name);
    return shards.map((shard) => this.#ref<D>(shard));
  }

  /** False when there is no such shard. Its players are told `unavailable`. */
  stop(def: AnyShardDef, id: string): boolean {
    const shard = this.find(def, id);
    shard?.stop();
    return shard !== undefined;
  }

  /** Shards that ended because their code threw. */
  get failed(): number {
    return this.#failed;
  }

  /** Shards that run, and players in them, kept seats included. */
  get size(): { shards: number; players: number } {
    let players = 0;
    for (const shard of this.#shards.values()) players += shard.players.length;
    return { shards: this.#shards.size, players };
  }

  /** Begins all shards of `options.start`. */
  startPinned(): void {
    for (const pin of this.#pins.values()) this.#create(pin);
  }

  /** For a join: the shard that runs, or a pinned one begun anew. */
  running(def: AnyShardDef, id: string): HostedShard | undefined {
    const key = keyOf(def.name, id);
    const pin = this.#pins.get(key);
    return this.#shards.get(key) ?? (pin && this.#create(pin));
  }

  /** For a join, when no such shard runs. Throws `not_found` unless joins may create. */
  createForJoin(def: AnyShardDef, id: string, params: unknown): HostedShard {
    if (!this.#options.createOnJoin) throw new Fault('not_found', `no shard ${def.name}/${id}`);
    return this.#create({ def, id, params });
  }

  #create({ def, id, params }: Pin): HostedShard {
    const key = keyOf(def.name, id);
    this.#checkPlace(key, id);
    const begin = { id, params, seed: newId(this.#env), pinned: this.#pins.has(key) };
    const shard = this.#host.begin(def, begin, (fault) => {
      this.#shards.delete(key);
      if (fault) this.#failed++;
    });
    this.#shards.set(key, shard);
    return shard;
  }

  #checkPlace(key: string, id: string): void {
    if (!isId(id)) throw new Fault('invalid', `a shard may not have the id ${JSON.stringify(id)}`);
    if (this.#shards.has(key)) throw new Fault('conflict', `shard ${key} runs already`);
    if (this.#shards.size >= this.#options.maxShards) throw new Fault('overloaded', 'too many shards');
  }

  #ref<D>(shard: HostedShard): ShardRef<D> {
    // A shard is kept under the name of its definition, so its world has that definition's types.
    return shard as unknown as ShardRef<D>;
  }
}

function keyOf(name: string, id: string): string {
  return `${name}/${id}`;
}

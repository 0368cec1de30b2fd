/**
 * All shards of this process, by kind and id. Server code creates, finds and stops them here
 * (`plugin.directory`); shard-channel.ts finds the one that a client asks for.
 */
import { assert } from '../../src/base/assert.ts';
import type { Env } from '../../src/base/env.ts';
import { Fault } from '../../src/base/fault.ts';
import { isId, newId } from '../../src/base/id.ts';
import { Refcount } from '../../src/base/refcount.ts';
import { parseShape } from '../../src/base/shape.ts';
import type { AnyShardDef, ParamsOf, Player, WorldOf } from '../core/define-shard.ts';
import type { ShardsOptions } from './options.ts';
import type { Scheduler } from './scheduler.ts';
import { Shard, type ShardCounts } from './shard.ts';

/** A running shard as server code sees it. Change its world between ticks only, that is: not across `await`. */
export interface ShardRef<D> {
  readonly id: string;
  readonly running: boolean;
  readonly world: WorldOf<D>;
  readonly players: Iterable<Player>;
  stop(): void;
}

/** What a shard begins with; `params` are parsed. */
interface Begin {
  readonly id: string;
  readonly params: unknown;
  readonly pinned: boolean;
}

export class Directory {
  readonly #env: Env;
  readonly #scheduler: Scheduler;
  readonly #options: ShardsOptions;
  readonly #shards = new Map<string, Shard>();
  readonly #pins = new Map<string, { def: AnyShardDef; begin: Begin }>();
  readonly #past: ShardCounts = {
    framesSent: 0,
    framesSkipped: 0,
    eventsDropped: 0,
    inputsRejected: 0,
    desyncs: 0,
  };
  #failed = 0;

  /** `defs` by their keys in `shards({ arena })`. */
  constructor(
    env: Env,
    deps: { defs: ReadonlyMap<string, AnyShardDef>; scheduler: Scheduler },
    options: ShardsOptions,
  ) {
    this.#env = env;
    this.#scheduler = deps.scheduler;
    this.#options = options;
    for (const { shard, id, params = {} } of options.start) {
      const def = deps.defs.get(shard);
      assert(def, `no shard ${shard} to start`);
      const begin = { id, params: parseShape(def.params, params, 'params'), pinned: true };
      this.#pins.set(keyOf(def.name, id), { def, begin });
    }
  }

  /** Begins a shard. Throws `conflict` when the id is taken, `invalid` for bad params, `overloaded` at the limit. */
  create<D extends AnyShardDef>(def: D, params: ParamsOf<D>, id: string = newId(this.#env)): ShardRef<D> {
    const parsed = parseShape(def.params, params, 'params');
    return this.#ref<D>(this.#create(def, { id, params: parsed, pinned: false }));
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

  /** The counters of all shards, those that have ended included. */
  counts(): ShardCounts & { shards: number; players: number } {
    const sum = { ...this.#past, shards: this.#shards.size, players: 0 };
    for (const shard of this.#shards.values()) {
      addCounts(sum, shard.counts);
      sum.players += shard.players.size;
      for (const seat of shard.players) sum.inputsRejected += seat.rejected;
    }
    return sum;
  }

  /** Begins all shards of `options.start`. */
  startPinned(): void {
    for (const { def, begin } of this.#pins.values()) this.#create(def, begin);
  }

  /** For a join: the shard that runs, or a pinned one begun anew. */
  running(def: AnyShardDef, id: string): Shard | undefined {
    const key = keyOf(def.name, id);
    const pin = this.#pins.get(key);
    return this.#shards.get(key) ?? (pin && this.#create(pin.def, pin.begin));
  }

  /** For a join, when no such shard runs. Throws `not_found` unless joins may create. */
  createForJoin(def: AnyShardDef, id: string, params: unknown): Shard {
    if (!this.#options.createOnJoin) throw new Fault('not_found', `no shard ${def.name}/${id}`);
    return this.#create(def, { id, params, pinned: false });
  }

  close(): void {
    for (const shard of [...this.#shards.values()]) shard.stop();
  }

  #create(def: AnyShardDef, { id, params, pinned }: Begin): Shard {
    if (!isId(id)) throw new Fault('invalid', `a shard may not have the id ${JSON.stringify(id)}`);
    const key = keyOf(def.name, id);
    if (this.#shards.has(key)) throw new Fault('conflict', `shard ${key} runs already`);
    if (this.#shards.size >= this.#options.maxShards) throw new Fault('overloaded', 'too many shards');
    const { graceMs, ackWindowMs, idleMs } = this.#options;
    const idle = new Refcount(this.#env.clock, idleMs, () => shard.stop());
    let release = idle.acquire();
    const shard = new Shard(this.#env, def, {
      id,
      params,
      seed: newId(this.#env),
      graceMs,
      ackWindowMs,
      stopped: (fault) => {
        idle.close();
        unschedule();
        this.#shards.delete(key);
        addCounts(this.#past, shard.counts);
        if (fault) this.#failed++;
        this.#env.log.info('shard.stop', { shard: def.name, id, failed: fault !== undefined });
      },
      peopled: (players) => {
        if (pinned) return;
        const before = release;
        if (players > 0) release = idle.acquire();
        before();
      },
    });
    const unschedule = this.#scheduler.add(def.tickRate, (last) => shard.tick(last));
    this.#shards.set(key, shard);
    this.#env.log.info('shard.start', { shard: def.name, id });
    shard.start();
    if (!pinned) release();
    return shard;
  }

  #ref<D>(shard: Shard): ShardRef<D> {
    // A shard is kept under the name of its definition, so its world has that definition's types.
    return shard as unknown as ShardRef<D>;
  }
}

function keyOf(name: string, id: string): string {
  return `${name}/${id}`;
}

function addCounts(sum: ShardCounts, counts: ShardCounts): void {
  sum.framesSent += counts.framesSent;
  sum.framesSkipped += counts.framesSkipped;
  sum.eventsDropped += counts.eventsDropped;
  sum.inputsRejected += counts.inputsRejected;
  sum.desyncs += counts.desyncs;
}

/**
 * All shards of this process, by kind and id. Server code creates, finds and stops them here
 * (`plugin.directory`); shard-channel.ts finds the one that a client asks for.
 */
import { assert } from '../../src/base/assert.ts';
import type { Env } from '../../src/base/env.ts';
import { Fault } from '../../src/base/fault.ts';
import { isId, newId } from '../../src/base/id.ts';
import { parseShape } from '../../src/base/shape.ts';
import type { AnyShardDef, ParamsOf } from '../core/define-shard.ts';
import type { Lasting } from './lasting.ts';
import type { ShardsOptions } from './options.ts';
import type { Recording, RecordingOptions } from './recording.ts';
import type { HostedShard, ShardHost } from './shard-host.ts';
import { LiveShard, type ShardRef, type Transferring } from './shard-ref.ts';
import type { ShardState } from './shard-state.ts';
import { stateBytes } from './state-codec.ts';

/** A shard of `options.start`. */
interface Pin {
  readonly def: AnyShardDef;
  readonly id: string;
  readonly params: unknown;
}

/** What a shard begins with that goes on. */
interface Left {
  readonly seed: string;
  readonly saved: Uint8Array;
}

/** A shard whose thread ends sooner than this after it has returned from the end of another one does not return. */
const RETURN_AGAIN_MS = 60_000;

export class Directory {
  readonly #env: Env;
  readonly #host: ShardHost;
  readonly #lasting: Lasting;
  readonly #options: ShardsOptions;
  readonly #transfers: Transferring;
  readonly #shards = new Map<string, HostedShard>();
  readonly #refs = new WeakMap<HostedShard, LiveShard>();
  readonly #pins = new Map<string, Pin>();
  /** Those whose thread has ended, on their way into another one. */
  readonly #returning = new Set<string>();
  /** When they did so last. */
  readonly #returnedMs = new Map<string, number>();
  #failed = 0;

  /** `defs` by their keys in `shards({ arena })`. */
  constructor(
    env: Env,
    deps: {
      defs: ReadonlyMap<string, AnyShardDef>;
      host: ShardHost;
      lasting: Lasting;
      transfers: Transferring;
    },
    options: ShardsOptions,
  ) {
    this.#env = env;
    this.#host = deps.host;
    this.#lasting = deps.lasting;
    this.#transfers = deps.transfers;
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

  /**
   * Resolves when a checkpoint of now is durable. Rejects with Fault `not_found`, `invalid` when such shards have no
   * checkpoints, or as the store does.
   */
  async checkpoint(def: AnyShardDef, id: string): Promise<void> {
    await this.#lasting.checkpoint(this.#get(def, id));
  }

  /**
   * Records a shard into a new file, until it ends, `stop` is called or the file is full. Rejects with Fault
   * `not_found`, or as the file system does.
   */
  async record(
    def: AnyShardDef,
    id: string,
    options: Partial<RecordingOptions> & { path: string },
  ): Promise<Recording> {
    return this.#lasting.record(this.#get(def, id), options.path, options);
  }

  /** Begins what the last process has left, then what else is in `options.start`. */
  async start(): Promise<void> {
    await this.#lasting.restore((def, state) => this.#resume(def, state));
    for (const [key, pin] of this.#pins) if (!this.#shards.has(key)) this.#create(pin);
  }

  /** For a join: the shard that runs, or a pinned one begun anew. */
  running(def: AnyShardDef, id: string): HostedShard | undefined {
    const key = keyOf(def.name, id);
    const pin = this.#pins.get(key);
    this.#checkReturning(key);
    return this.#shards.get(key) ?? (pin && this.#create(pin));
  }

  /** For a join, when no such shard runs. Throws `not_found` unless joins may create. */
  createForJoin(def: AnyShardDef, id: string, params: unknown): HostedShard {
    if (!this.#options.createOnJoin) throw new Fault('not_found', `no shard ${def.name}/${id}`);
    return this.#create({ def, id, params });
  }

  #get(def: AnyShardDef, id: string): HostedShard {
    const shard = this.#shards.get(keyOf(def.name, id));
    if (!shard) throw new Fault('not_found', `no shard ${def.name}/${id}`);
    return shard;
  }

  #resume(def: AnyShardDef, state: ShardState): void {
    const { id, params, seed } = state;
    const left = { seed, saved: stateBytes(state) };
    this.#create({ def, id, params: parseShape(def.params, params, 'params') }, left);
  }

  /** When its thread has ended it goes on in another one; until then it may be neither joined nor begun. */
  #ended(shard: HostedShard, fault: Fault | undefined): void {
    const key = keyOf(shard.def.name, shard.id);
    const nowMs = this.#env.clock.monotonic();
    // One that ends its thread again and again would take the others there with it.
    const again = nowMs - (this.#returnedMs.get(key) ?? Number.NEGATIVE_INFINITY) < RETURN_AGAIN_MS;
    const may = fault?.code === 'unavailable' && !again && this.#lasting.mayRecover(shard);
    this.#returnedMs.delete(key);
    if (!may) return this.#lasting.ended(shard);
    this.#returnedMs.set(key, nowMs);
    this.#returning.add(key);
    const resume = (def: AnyShardDef, state: ShardState) => {
      this.#returning.delete(key);
      this.#resume(def, state);
    };
    void this.#lasting.recover(shard, resume).finally(() => this.#returning.delete(key));
  }

  #create({ def, id, params }: Pin, left?: Left): HostedShard {
    const key = keyOf(def.name, id);
    this.#checkPlace(key, id);
    const begin = { id, params, seed: newId(this.#env), pinned: this.#pins.has(key), ...left };
    const shard = this.#host.begin(def, begin, (fault) => {
      const ended = this.#shards.get(key);
      this.#shards.delete(key);
      if (fault) this.#failed++;
      if (ended) this.#ended(ended, fault);
    });
    this.#shards.set(key, shard);
    this.#lasting.began(shard);
    return shard;
  }

  #checkPlace(key: string, id: string): void {
    if (!isId(id)) throw new Fault('invalid', `a shard may not have the id ${JSON.stringify(id)}`);
    this.#checkReturning(key);
    if (this.#shards.has(key)) throw new Fault('conflict', `shard ${key} runs already`);
    if (this.#shards.size >= this.#options.maxShards) throw new Fault('overloaded', 'too many shards');
  }

  #checkReturning(key: string): void {
    if (this.#returning.has(key))
      throw new Fault('unavailable', `shard ${key} is on its way to another thread`);
  }

  #ref<D>(shard: HostedShard): ShardRef<D> {
    const ref = this.#refs.get(shard) ?? new LiveShard(shard, this.#transfers);
    this.#refs.set(shard, ref);
    // A shard is kept under the name of its definition, so its world has that definition's types.
    return ref as unknown as ShardRef<D>;
  }
}

function keyOf(name: string, id: string): string {
  return `${name}/${id}`;
}

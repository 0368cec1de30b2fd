/**
 * `ctx.shards` of mutations, actions and routes. A shard is no part of a transaction: in a mutation what changes one
 * happens after the COMMIT, and not when the mutation is taken back; what waits for one is refused there.
 * Who may do what is for the function that asks: this is server code. [P3]
 */
import type { Log } from '../../src/base/env.ts';
import { Fault, toFault } from '../../src/base/fault.ts';
import type { Json } from '../../src/base/json.ts';
import type { PluginCall } from '../../src/functions/plugin-context.ts';
import type { Schema } from '../../src/schema/define-schema.ts';
import type { AnyShardDef, ParamsOf } from '../core/define-shard.ts';
import type { Player } from '../core/player.ts';
import type { Directory } from './directory.ts';
import type { ShardPlace } from './shard-ref.ts';
import type { TicketBook, TicketWish } from './ticket-book.ts';

declare module '../../src/functions/plugin-context.ts' {
  interface ContextParts<_S extends Schema> {
    /** The shards of this process. Needs the plugin `shards()`. */
    readonly shards: ServerShards;
  }
}

interface Deps {
  readonly directory: Directory;
  readonly tickets: TicketBook;
  readonly log: Log;
}

/** A shard by its name, running or not. */
export interface NamedShard extends ShardPlace {
  /** As of now. One that a mutation creates does not run before the COMMIT. */
  readonly running: boolean;
  /** Those who are here or whose seat is kept. */
  readonly players: readonly Player[];
  /**
   * Has the definition's `answer` answer, between two ticks. Throws Fault `unsupported` in a mutation, which may not
   * wait for it, `not_found` when the shard does not run, and what the directory's `ask` throws.
   */
  ask(question: Json): Promise<Json>;
  /** Sends a player on to another shard; see `ShardRef.transfer`. Throws Fault `unsupported` in a mutation. */
  transfer(player: Player, to: ShardPlace, data?: Json): Promise<void>;
  /** An event-driven shard computes a tick soon. */
  wake(): void;
  /** Its players are told `unavailable`. */
  stop(): void;
}

/** The shards of this process, as the app's functions create, find and stop them: `ctx.shards`. */
export class ServerShards {
  readonly #call: PluginCall;
  readonly #deps: Deps;

  constructor(call: PluginCall, deps: Deps) {
    this.#call = call;
    this.#deps = deps;
  }

  /**
   * Begins a shard. Throws Fault `conflict` when the id is taken, `invalid` for bad params, `overloaded` at the limit;
   * in an action also what its `start` throws. In a mutation it begins after the COMMIT; what goes wrong then is
   * logged as `shard.create_failed`.
   */
  create<D extends AnyShardDef>(def: D, params: ParamsOf<D>, id?: string): NamedShard {
    const { directory } = this.#deps;
    const wish = directory.check(def, params, id);
    this.#do('shard.create_failed', wish.id, () => directory.create(def, params, wish.id));
    return this.#named(def, wish.id);
  }

  find(def: AnyShardDef, id: string): NamedShard | undefined {
    return this.#deps.directory.find(def, id) && this.#named(def, id);
  }

  /** As `create`, unless it runs. */
  findOrCreate<D extends AnyShardDef>(def: D, params: ParamsOf<D>, id: string): NamedShard {
    const { directory } = this.#deps;
    if (!directory.find(def, id)) {
      directory.check(def, params, id);
      this.#do('shard.create_failed', id, () => directory.findOrCreate(def, params, id));
    }
    return this.#named(def, id);
  }

  /** Running shards, of one kind or of all. */
  list(def?: AnyShardDef): NamedShard[] {
    return this.#deps.directory.list(def).map((ref) => this.#named(ref.def, ref.id));
  }

  /** False when there is no such shard. */
  stop(def: AnyShardDef, id: string): boolean {
    const found = this.find(def, id);
    found?.stop();
    return found !== undefined;
  }

  /**
   * A secret that lets one player into a shard, once: hand it to him as the function's result, and never put it into a
   * row or a URL. Throws Fault `invalid` for a time that is none, `too_large` for too much data. [T10]
   */
  ticket(def: AnyShardDef, id: string, wish: TicketWish): string {
    return this.#deps.tickets.issue(def, id, wish);
  }

  #named(def: AnyShardDef, id: string): NamedShard {
    const { directory } = this.#deps;
    const find = () => directory.find(def, id);
    const running = () => {
      if (this.#call.job)
        throw new Fault('unsupported', 'a mutation cannot wait for a shard: do it in an action');
      const shard = find();
      if (!shard) throw new Fault('not_found', `no shard ${def.name}/${id}`);
      return shard;
    };
    return {
      def,
      id,
      get running() {
        return find() !== undefined;
      },
      get players() {
        return find()?.players ?? [];
      },
      ask: async (question) => running().ask(question),
      transfer: async (player, to, data) => running().transfer(player, to, data),
      wake: () => this.#do('shard.wake_failed', id, () => find()?.wake()),
      stop: () => this.#do('shard.stop_failed', id, () => find()?.stop()),
    };
  }

  /** Now, or when the mutation is committed. */
  #do(failed: string, id: string, task: () => void): void {
    const { job } = this.#call;
    if (!job) return task();
    job.afterCommit(() => {
      try {
        task();
      } catch (error) {
        this.#deps.log.error(failed, { id, code: toFault(error).code, error });
      }
    });
  }
}

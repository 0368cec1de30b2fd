/** A server with the shards plugin and its clients, all in one process over a simulated clock. */

import { type JoinOptions, joinShard, type ShardHandle } from '../../shards/client/index.ts';
import type { AnyShardDef } from '../../shards/core/index.ts';
import {
  type ServerShards,
  type ShardsOptions,
  type ShardsPlugin,
  shards,
} from '../../shards/server/index.ts';
import { shardsOn } from '../../shards/server/plugin.ts';
import type { Log } from '../../src/base/env.ts';
import type { PluginCall } from '../../src/functions/plugin-context.ts';
import type { PluginInstance } from '../../src/plugin/plugin.ts';
import type { Services } from '../../src/plugin/services.ts';
import { type SimEnv, simEnv } from '../../src/testing/sim-env.ts';
import { SimClient } from './sim-client.ts';
import type { LinkOptions } from './sim-pipe.ts';
import { SimStore } from './sim-store.ts';
import { SimThreads } from './sim-threads.ts';

/** Worker threads that shards run in, unless the test says; test/contract/shard-hosts.test.ts sets it. */
export const hosting = { threads: 0 };

export class SimShards {
  readonly env: SimEnv;
  readonly #defs: Readonly<Record<string, AnyShardDef>>;
  readonly #options: Partial<ShardsOptions>;
  readonly threads: SimThreads;
  readonly store = new SimStore();
  plugin: ShardsPlugin;
  instance: PluginInstance;

  constructor(
    defs: Readonly<Record<string, AnyShardDef>>,
    options: Partial<ShardsOptions> = {},
    { seed = 1, log }: { seed?: number; log?: Log } = {},
  ) {
    this.env = simEnv(seed, log);
    this.#defs = defs;
    // The same key each time: a test's chance is not for keys.
    const ticketSecret = 'the key of simulated servers, 32+';
    this.#options = { ticketSecret, threads: hosting.threads, module: new URL('sim:threads'), ...options };
    this.threads = new SimThreads(this.env);
    this.plugin = this.#plugin();
    this.instance = this.#boot();
  }

  get directory(): ShardsPlugin['directory'] {
    return this.plugin.directory;
  }

  /** `ctx.shards` of an action, or of a mutation. */
  ctx(job?: PluginCall['job']): ServerShards {
    const call = { job, signal: undefined } as PluginCall;
    return this.instance.context!.shards!(call) as ServerShards;
  }

  client(link: LinkOptions): SimClient {
    return new SimClient(this.env, this.instance.channels!, link);
  }

  /** A new client that has joined and has had a frame. */
  async join<D extends AnyShardDef>(
    def: D,
    link: LinkOptions,
    options: JoinOptions<D>,
  ): Promise<{ client: SimClient; handle: ShardHandle<D> }> {
    const client = this.client(link);
    const handle = joinShard(client, def, options);
    await this.env.clock.until(() => handle.me !== undefined || handle.state.name === 'closed', 5000);
    return { client, handle };
  }

  gauge(name: string): number {
    return this.instance.gauges!.find((gauge) => gauge.name === `ternion_shards_${name}`)!.read();
  }

  /** The process dies and another one begins; connections are for the test to cut. */
  async restart(): Promise<void> {
    await this.instance.close?.();
    this.plugin = this.#plugin();
    this.instance = this.#boot();
    await this.instance.start?.();
  }

  /** Threads need a turn to begin, and another for their first shards. */
  async #start(instance: PluginInstance): Promise<void> {
    await this.env.clock.run(this.store.open(instance.tables ?? []));
    await this.env.clock.run(instance.start!());
    await this.env.clock.advance(0);
  }

  #plugin(): ShardsPlugin {
    return this.#options.threads === 0
      ? shards(this.#defs, this.#options)
      : shardsOn(this.threads.host, this.#defs, this.#options);
  }

  /** The plugin uses nothing of the services but the environment and the store. */
  #boot(): PluginInstance {
    const instance = this.plugin.create({ env: this.env, store: this.store.asStore } as unknown as Services);
    return { ...instance, start: () => this.#start(instance) };
  }
}

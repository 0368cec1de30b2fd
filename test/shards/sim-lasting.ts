/** As SimShards, on a real database: the process can be killed, and another one begins on what it left. */
import { defineSchema, entity, field, policy } from 'ternion';
import { SimProcess, TempDatabase } from 'ternion/testing';
import { type JoinOptions, joinShard, type ShardHandle } from '../../shards/client/index.ts';
import type { AnyShardDef } from '../../shards/core/index.ts';
import { type ShardsOptions, type ShardsPlugin, shards } from '../../shards/server/index.ts';
import { shardsOn } from '../../shards/server/plugin.ts';
import { type LogFields, silentLog } from '../../src/base/env.ts';
import type { PluginInstance } from '../../src/plugin/plugin.ts';
import type { Services } from '../../src/plugin/services.ts';
import type { Drivers } from '../../src/store/store.ts';
import { Store } from '../../src/store/store.ts';
import { type SimEnv, simEnv } from '../../src/testing/sim-env.ts';
import { SimClient } from './sim-client.ts';
import type { LinkOptions } from './sim-pipe.ts';
import { hosting } from './sim-shards.ts';
import { SimThreads } from './sim-threads.ts';

const schema = defineSchema({
  entities: [entity('Nothing', { name: field.string() })],
  policies: [policy({ entity: 'Nothing', allowRead: 'true' })],
});

/** Looks at files, a millisecond apart, before time goes on. */
const PATIENCE = 20;

interface Running {
  readonly process: SimProcess;
  readonly threads: SimThreads;
  readonly plugin: ShardsPlugin;
  readonly instance: PluginInstance;
  readonly store: Store;
  readonly drivers: Drivers;
}

export class SimLasting {
  readonly env: SimEnv;
  readonly database = new TempDatabase();
  /** What was logged, of all processes. */
  readonly logged: [event: string, fields: LogFields][] = [];
  #running: Running | undefined;
  readonly #clients: SimClient[] = [];

  constructor(seed = 1) {
    const note = (event: string, fields: LogFields = {}) => void this.logged.push([event, fields]);
    this.env = simEnv(seed, { ...silentLog, info: note, warn: note, error: note });
  }

  get process(): SimProcess {
    return this.#up.process;
  }

  get directory(): ShardsPlugin['directory'] {
    return this.#up.plugin.directory;
  }

  get channels(): NonNullable<PluginInstance['channels']> {
    return this.#up.instance.channels!;
  }

  get threads(): SimThreads {
    return this.#up.threads;
  }

  get store(): Store {
    return this.#up.store;
  }

  /** What was logged under this name. */
  logs(event: string): LogFields[] {
    return this.logged.filter(([name]) => name === event).map(([, fields]) => fields);
  }

  gauge(name: string): number {
    return this.#up.instance.gauges!.find((gauge) => gauge.name === `ternion_shards_${name}`)!.read();
  }

  /**
   * Settles as a promise does that waits for files. These are real, so time stands still for them; only when they seem to
   * wait for it too does it go on, a little.
   */
  async files<T>(promise: Promise<T>): Promise<T> {
    let done = false;
    const settle = () => {
      done = true;
    };
    promise.then(settle, settle);
    for (let looks = 1; !done; looks++) {
      await this.env.clock.advance(looks % PATIENCE === 0 ? 1 : 0);
      if (!done) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    return promise;
  }

  /** A process begins on the database. Rejects as the plugin's start does. */
  async start(
    defs: Readonly<Record<string, AnyShardDef>>,
    options: Partial<ShardsOptions> = {},
  ): Promise<void> {
    const process = new SimProcess(this.env);
    const drivers = this.database.open();
    const store = new Store(process.env, {
      schema,
      drivers: { writer: process.writer(drivers.writer), reader: process.driver(drivers.reader) },
    });
    const threads = new SimThreads({ ...this.env, clock: process.env.clock as SimEnv['clock'] });
    const all = { threads: hosting.threads, module: new URL('sim:threads'), ...options };
    const plugin = all.threads === 0 ? shards(defs, all) : shardsOn(threads.host, defs, all);
    const instance = plugin.create({ env: process.env, store } as unknown as Services);
    this.#running = { process, threads, plugin, instance, store, drivers };
    await this.env.clock.run(store.open(instance.tables ?? []));
    await this.env.clock.run(instance.start!());
    await this.env.clock.advance(0);
    for (const client of this.#clients) client.connect(instance.channels!);
  }

  /** As kill -9: nothing of it goes on. */
  async kill(): Promise<void> {
    const { process, drivers, threads } = this.#up;
    process.kill();
    for (const thread of threads.begun) await thread.end();
    for (const client of this.#clients) client.cut();
    await Promise.all([drivers.writer.close(), drivers.reader.close()]);
    this.#running = undefined;
  }

  /** As SIGTERM: connections end, then the plugin. */
  async end(): Promise<void> {
    const { instance, store } = this.#up;
    await this.env.clock.run(instance.drain!());
    for (const client of this.#clients) client.cut();
    await this.files(instance.close!());
    await this.env.clock.run(store.close());
    this.#running = undefined;
  }

  /** A new client that has joined and has had a frame. */
  async join<D extends AnyShardDef>(
    def: D,
    link: LinkOptions,
    options: JoinOptions<D>,
  ): Promise<{ client: SimClient; handle: ShardHandle<D> }> {
    const client = new SimClient(this.env, this.#up.instance.channels!, link);
    this.#clients.push(client);
    const handle = joinShard(client, def, options);
    await this.env.clock.until(() => handle.me !== undefined || handle.state.name === 'closed', 5000);
    return { client, handle };
  }

  get #up(): Running {
    if (!this.#running) throw new Error('no process runs');
    return this.#running;
  }
}

/**
 * `shards({ arena }, options)`: the plugin that runs shards. It adds the channel kind `shard` and gauges;
 * server code reaches the shards through `directory`.
 */
import { assert } from '../../src/base/assert.ts';
import type { Env } from '../../src/base/env.ts';
import { Fault } from '../../src/base/fault.ts';
import type { PluginCall } from '../../src/functions/plugin-context.ts';
import type { Plugin, PluginInstance } from '../../src/plugin/plugin.ts';
import type { Services } from '../../src/plugin/services.ts';
import type { AnyShardDef } from '../core/define-shard.ts';
import { Directory } from './directory.ts';
import { gaugesOf } from './gauges.ts';
import { InlineHost } from './inline-host.ts';
import { Lasting } from './lasting.ts';
import { resolveOptions, type ShardsOptions, threadOptions } from './options.ts';
import { replayCommand } from './replay-command.ts';
import { ServerShards } from './server-shards.ts';
import { openShardChannel } from './shard-channel.ts';
import type { ShardHost } from './shard-host.ts';
import { ThreadHost } from './thread-host.ts';
import { TICKET_TABLES, TicketBook } from './ticket-book.ts';
import { workerSpawner } from './worker-port.ts';

export interface ShardsPlugin extends Plugin {
  /** All shards of this process. There once the server was created. */
  readonly directory: Directory;
}

/** Makes the host that shards run on; `defs` by their names. */
export type HostMaker = (
  env: Env,
  defs: ReadonlyMap<string, AnyShardDef>,
  options: ShardsOptions,
) => ShardHost;

export function shards(
  defs: Readonly<Record<string, AnyShardDef>>,
  options: Partial<ShardsOptions> = {},
): ShardsPlugin {
  return shardsOn(hostFor, defs, options);
}

const hostFor: HostMaker = (env, defs, options) => {
  const { module } = options;
  const rest = threadOptions(options);
  if (options.threads === 0 || !module) return new InlineHost(env, rest);
  return new ThreadHost(env, { defs, spawn: workerSpawner(module, rest) }, options);
};

/** The same on a host of the caller's choice; for tests. */
export function shardsOn(
  makeHost: HostMaker,
  defs: Readonly<Record<string, AnyShardDef>>,
  options: Partial<ShardsOptions>,
): ShardsPlugin {
  const resolved = resolveOptions(options);
  const byName = new Map(Object.values(defs).map((def) => [def.name, def]));
  assert(byName.size === Object.keys(defs).length, 'two shards of the same name');
  const byKey = new Map(Object.entries(defs));
  let directory: Directory | undefined;
  return {
    name: 'shards',
    commands: { replay: replayCommand(byName) },
    get directory() {
      assert(directory, 'the server was not created yet');
      return directory;
    },
    create({ env, store }: Services): PluginInstance {
      const host = makeHost(env, byName, resolved);
      const lasting = new Lasting(env, { store, defs: byKey }, resolved);
      const own = new Directory(env, { defs: byKey, host, lasting }, resolved);
      directory = own;
      const tickets = new TicketBook(env, store, resolved);
      let draining = false;
      return {
        tables: [...TICKET_TABLES, ...lasting.tables],
        context: {
          shards: (call: PluginCall) => new ServerShards(call, { directory: own, tickets, log: env.log }),
        },
        channels: {
          shard: async (channel, params) => {
            if (draining) throw new Fault('unavailable', 'the server is about to end');
            const deps = { directory: own, defs: byName, tickets, lasting, log: env.log };
            return openShardChannel(channel, params, deps);
          },
        },
        gauges: [...gaugesOf(host, own), ...lasting.gauges],
        async start() {
          await tickets.start();
          await host.start();
          await own.start();
        },
        // Shards go on while connections end: who is told to move plays until his own connection closes.
        async drain() {
          draining = true;
        },
        async close() {
          await lasting.close();
          await host.close();
        },
      };
    },
  };
}

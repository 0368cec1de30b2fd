/**
 * `shards({ arena }, options)`: the plugin that runs shards. It adds the channel kind `shard` and gauges;
 * server code reaches the shards through `directory`.
 */
import { assert } from '../../src/base/assert.ts';
import type { Env } from '../../src/base/env.ts';
import { Fault } from '../../src/base/fault.ts';
import type { PluginCall } from '../../src/functions/plugin-context.ts';
import type { Channel } from '../../src/plugin/channel.ts';
import type { Plugin, PluginInstance } from '../../src/plugin/plugin.ts';
import type { Services } from '../../src/plugin/services.ts';
import type { AnyShardDef } from '../core/define-shard.ts';
import { LOBBY_CHANNEL } from '../core/lobby-frame.ts';
import { MATCH_CHANNEL } from '../core/match-frame.ts';
import { Directory } from './directory.ts';
import { gaugesOf, matchGauges } from './gauges.ts';
import { InlineHost } from './inline-host.ts';
import { Lasting } from './lasting.ts';
import { Lobby } from './lobby.ts';
import { openMatchChannel } from './match-channel.ts';
import { MatchQueue } from './match-queue.ts';
import { MatchRequests } from './match-routes.ts';
import { resolveOptions, type ShardsOptions, threadOptions } from './options.ts';
import { replayCommand } from './replay-command.ts';
import { ServerShards } from './server-shards.ts';
import { openShardChannel } from './shard-channel.ts';
import type { ShardHost } from './shard-host.ts';
import { ThreadHost } from './thread-host.ts';
import { TICKET_TABLES, TicketBook } from './ticket-book.ts';
import { Transfers } from './transfers.ts';
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
  const { matchmakers } = resolved;
  assert(
    new Set(matchmakers.map(({ name }) => name)).size === matchmakers.length,
    'two matchmakers of one name',
  );
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
      const tickets = new TicketBook(env, store, resolved);
      const transfers = new Transfers(env, tickets, resolved.transferMs);
      const own = new Directory(env, { defs: byKey, host, lasting, transfers }, resolved);
      directory = own;
      const queues = new Map(
        resolved.matchmakers.map((matchmaker) => {
          assert(
            byName.get(matchmaker.shard.name) === matchmaker.shard,
            `${matchmaker.name} is of no shard here`,
          );
          const deps = { directory: own, tickets, store };
          return [matchmaker.name, new MatchQueue(env, deps, { matchmaker, options: resolved })];
        }),
      );
      const lobby = resolved.lobby && new Lobby(env, { directory: own, queues, defs: byKey }, resolved.lobby);
      const requests = new MatchRequests(env, queues, resolved);
      let draining = false;
      return {
        tables: [...TICKET_TABLES, ...lasting.tables],
        context: {
          shards: (call: PluginCall) => new ServerShards(call, { directory: own, tickets, log: env.log }),
        },
        channels: {
          shard: async (channel, params) => {
            if (draining) throw new Fault('unavailable', 'the server is about to end');
            const { log } = env;
            const deps = { directory: own, defs: byName, tickets, transfers, lasting, log };
            return openShardChannel(channel, params, deps);
          },
          ...(lobby && { [LOBBY_CHANNEL]: async (channel: Channel) => lobby.open(channel) }),
          [MATCH_CHANNEL]: (channel, params) => openMatchChannel(channel, params, queues),
        },
        routes: requests.routes,
        gauges: [...gaugesOf(host, own), ...matchGauges(queues), ...lasting.gauges],
        async start() {
          await tickets.start();
          await host.start();
          await own.start();
        },
        // Shards go on while connections end: who is told to move plays until his own connection closes.
        async drain() {
          draining = true;
          for (const queue of queues.values()) queue.close();
        },
        async close() {
          requests.close();
          lobby?.close();
          transfers.close();
          for (const queue of queues.values()) queue.close();
          await lasting.close();
          await host.close();
        },
      };
    },
  };
}

/**
 * `shards({ arena }, options)`: the plugin that runs shards. It adds the channel kind `shard` and gauges;
 * server code reaches the shards through `directory`.
 */
import { assert } from '../../src/base/assert.ts';
import { Fault } from '../../src/base/fault.ts';
import type { Gauge, Plugin, PluginInstance } from '../../src/plugin/plugin.ts';
import type { Services } from '../../src/plugin/services.ts';
import type { AnyShardDef } from '../core/define-shard.ts';
import { Directory } from './directory.ts';
import { resolveOptions, type ShardsOptions } from './options.ts';
import { Scheduler } from './scheduler.ts';
import { openShardChannel } from './shard-channel.ts';

export interface ShardsPlugin extends Plugin {
  /** All shards of this process. There once the server was created. */
  readonly directory: Directory;
}

export function shards(
  defs: Readonly<Record<string, AnyShardDef>>,
  options: Partial<ShardsOptions> = {},
): ShardsPlugin {
  const resolved = resolveOptions(options);
  const byName = new Map(Object.values(defs).map((def) => [def.name, def]));
  assert(byName.size === Object.keys(defs).length, 'two shards of the same name');
  const byKey = new Map(Object.entries(defs));
  let directory: Directory | undefined;
  return {
    name: 'shards',
    get directory() {
      assert(directory, 'the server was not created yet');
      return directory;
    },
    create({ env }: Services): PluginInstance {
      const scheduler = new Scheduler(env.clock, resolved.maxCatchUpTicks);
      const own = new Directory(env, { defs: byKey, scheduler }, resolved);
      directory = own;
      let draining = false;
      return {
        channels: {
          shard: async (channel, params) => {
            if (draining) throw new Fault('unavailable', 'the server is about to end');
            return openShardChannel(channel, params, { directory: own, defs: byName, log: env.log });
          },
        },
        gauges: gauges(own, scheduler),
        async start() {
          own.startPinned();
        },
        // Shards go on while connections end: who is told to move plays until his own connection closes.
        async drain() {
          draining = true;
        },
        async close() {
          own.close();
          scheduler.close();
        },
      };
    },
  };
}

function gauges(directory: Directory, scheduler: Scheduler): Gauge[] {
  const gauge = (name: string, help: string, read: () => number): Gauge => ({
    name: `ternion_shards_${name}`,
    help,
    read,
  });
  return [
    gauge('running', 'Shards that run', () => directory.counts().shards),
    gauge('players', 'Players in shards, kept seats included', () => directory.counts().players),
    gauge('failed', 'Shards ended because their code threw', () => directory.failed),
    gauge('ticks', 'Ticks run', () => scheduler.ticks),
    gauge('ticks_caught_up', 'Ticks that ran late, in the turn of a later one', () => scheduler.caughtUp),
    gauge('ticks_dropped', 'Ticks that never ran because the process was too slow', () => scheduler.dropped),
    gauge('frames_sent', 'Frames handed to the outbox', () => directory.counts().framesSent),
    gauge(
      'frames_skipped',
      'Frames not sent to players who are behind',
      () => directory.counts().framesSkipped,
    ),
    gauge(
      'events_dropped',
      'Event payloads dropped because a lane was full',
      () => directory.counts().eventsDropped,
    ),
    gauge(
      'desyncs',
      'Cells that clients held differently and asked for again',
      () => directory.counts().desyncs,
    ),
    gauge('inputs_rejected', 'Inputs and messages rejected', () => directory.counts().inputsRejected),
  ];
}

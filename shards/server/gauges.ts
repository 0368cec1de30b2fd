/** What the plugin shows under `/metrics`: all threads and all shards together. */
import type { Gauge } from '../../src/plugin/plugin.ts';
import { addCounts, noShardCounts, noTickCounts, type ShardCounts } from './counts.ts';
import type { Directory } from './directory.ts';
import { quantileMs } from './lateness.ts';
import type { TickCounts } from './scheduler.ts';
import type { ShardHost } from './shard-host.ts';

const TICKS: Record<keyof TickCounts, [name: string, help: string]> = {
  ticks: ['ticks', 'Ticks run'],
  caughtUp: ['ticks_caught_up', 'Ticks that ran late, in the turn of a later one'],
  dropped: ['ticks_dropped', 'Ticks that never ran because the process was too slow'],
};

const SHARDS: Record<keyof ShardCounts, [name: string, help: string]> = {
  framesSent: ['frames_sent', 'Frames handed to the outbox'],
  framesSkipped: ['frames_skipped', 'Frames not sent to players who are behind'],
  eventsDropped: ['events_dropped', 'Event payloads dropped because a lane was full'],
  inputsRejected: ['inputs_rejected', 'Inputs and messages rejected'],
  desyncs: ['desyncs', 'Cells that clients held differently and asked for again'],
  toCoarse: ['slow_coarse', 'Times that a slow player was let down to half the detail'],
  toNear: ['slow_near', 'Times that a slow player was let down to the nearest cells'],
  toWaiting: ['slow_waiting', 'Times that a slow player was sent nothing until he had acknowledged all'],
  toClosed: ['slow_closed', 'Slow players whose channel was closed'],
  cells: ['cells', 'Cells that hold entities or are seen'],
  streams: ['streams', 'Cells and private parts that are encoded, each at one level of detail'],
};

export function gaugesOf(host: ShardHost, directory: Directory): Gauge[] {
  const gauge = (name: string, help: string, read: () => number): Gauge => ({
    name: `ternion_shards_${name}`,
    help,
    read,
  });
  const lateness = (share: number) =>
    quantileMs(
      host.counts().map((thread) => thread.lateness),
      share,
    );
  const ticks = (key: keyof TickCounts) => {
    const sum = noTickCounts();
    for (const thread of host.counts()) addCounts(sum, thread.ticks);
    return sum[key];
  };
  const shards = (key: keyof ShardCounts) => {
    const sum = noShardCounts();
    for (const thread of host.counts()) addCounts(sum, thread.shards);
    return sum[key];
  };
  return [
    gauge('running', 'Shards that run', () => directory.size.shards),
    gauge('players', 'Players in shards, kept seats included', () => directory.size.players),
    gauge('failed', 'Shards ended because their code threw or their thread ended', () => directory.failed),
    gauge('tick_lateness_p50_ms', 'Median of how late ticks began, last minute', () => lateness(0.5)),
    gauge('tick_lateness_p99_ms', '99th percentile of how late ticks began, last minute', () =>
      lateness(0.99),
    ),
    gauge('tick_lateness_max_ms', 'How late a tick began at most, last minute', () => lateness(1)),
    ...keysOf(TICKS).map((key) => gauge(...TICKS[key], () => ticks(key))),
    ...keysOf(SHARDS).map((key) => gauge(...SHARDS[key], () => shards(key))),
  ];
}

/** Without matchmakers none. */
export function matchGauges(queues: ReadonlyMap<string, { readonly size: number }>): Gauge[] {
  if (queues.size === 0) return [];
  const read = () => [...queues.values()].reduce((sum, { size }) => sum + size, 0);
  return [{ name: 'ternion_shards_match_waiting', help: 'Players who look for a match', read }];
}

function keysOf<K extends string>(record: Record<K, unknown>): K[] {
  return Object.keys(record) as K[];
}

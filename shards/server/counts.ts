/** Numbers that the gauges show. Each thread counts its own; shard-host.ts adds them up. */
import type { TickCounts } from './scheduler.ts';

/** Counters of one shard. */
export interface ShardCounts {
  framesSent: number;
  framesSkipped: number;
  eventsDropped: number;
  inputsRejected: number;
  /** Cells that a client held differently and asked for again. */
  desyncs: number;
  /** How often a player was let down to a rung of the ladder. */
  toCoarse: number;
  toNear: number;
  toWaiting: number;
  toClosed: number;
  /** As of the last frame: cells that hold entities or are seen, and streams that somebody holds. */
  cells: number;
  streams: number;
}

/** What one thread has counted. */
export interface ThreadCounts {
  readonly ticks: TickCounts;
  /** Of all its shards, those that have ended included. */
  readonly shards: ShardCounts;
  /** Ticks by how late they began; see lateness.ts. */
  readonly lateness: readonly number[];
}

export function noShardCounts(): ShardCounts {
  return {
    framesSent: 0,
    framesSkipped: 0,
    eventsDropped: 0,
    inputsRejected: 0,
    desyncs: 0,
    toCoarse: 0,
    toNear: 0,
    toWaiting: 0,
    toClosed: 0,
    cells: 0,
    streams: 0,
  };
}

export function noTickCounts(): TickCounts {
  return { ticks: 0, caughtUp: 0, dropped: 0 };
}

export function addCounts<T extends { [K in keyof T]: number }>(sum: T, more: T): void {
  for (const key of Object.keys(sum) as (keyof T)[]) (sum[key] as number) += more[key];
}

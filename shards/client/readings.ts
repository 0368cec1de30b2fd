/**
 * `handle.clock` and `handle.stats`: objects that are made once and read through to the stay that runs, so
 * that a drawing loop or an overlay may read them every frame.
 */
import type { RateMeter } from './rate-meter.ts';
import type { ShardClock, ShardStats } from './shard-handle.ts';
import type { Stay } from './stay.ts';

/** What the stays that are over have counted. */
export interface PastCounts {
  frames: number;
  mispredictions: number;
  rejected: number;
  frameBytes: number;
}

export function readClock(tickRate: number, drawn: () => Stay | undefined): ShardClock {
  return {
    tickRate,
    get tick() {
      return drawn()?.tick ?? 0;
    },
    get serverTick() {
      return drawn()?.serverTick ?? 0;
    },
    get playhead() {
      return drawn()?.playhead ?? 0;
    },
    get predictedTick() {
      return drawn()?.predictedTick ?? 0;
    },
    get ownPlayhead() {
      return drawn()?.ownPlayhead ?? 0;
    },
  };
}

export function readStats(
  past: PastCounts,
  from: { meter: RateMeter; running: () => Stay | undefined; drawn: () => Stay | undefined },
): ShardStats {
  return {
    get bytesPerSecond() {
      return from.meter.perSecond;
    },
    get frames() {
      return past.frames + (from.running()?.frames ?? 0);
    },
    get mispredictions() {
      return past.mispredictions + (from.running()?.mispredictions ?? 0);
    },
    get rejected() {
      return past.rejected;
    },
    get tick() {
      return from.drawn()?.tick ?? 0;
    },
    get interpolationDelayMs() {
      return from.drawn()?.delayMs ?? 0;
    },
    get jitterMs() {
      return from.drawn()?.jitterMs ?? 0;
    },
    get inputDepth() {
      return from.running()?.inputDepth ?? 0;
    },
    get frameBytes() {
      return past.frameBytes;
    },
    componentBytes: () => from.running()?.componentBytes() ?? {},
  };
}

/**
 * `handle.clock` and `handle.stats`: objects that are made once and read through to the stay that runs, so
 * that a drawing loop or an overlay may read them every frame.
 */
import type { Play } from './play.ts';
import type { RateMeter } from './rate-meter.ts';
import type { ShardClock, ShardStats } from './shard-handle.ts';

/** What the stays that are over have counted. */
export interface PastCounts {
  frames: number;
  mispredictions: number;
  rejected: number;
}

export function readClock(tickRate: number, drawn: () => Play | undefined): ShardClock {
  return {
    tickRate,
    get tick() {
      return drawn()?.tick ?? 0;
    },
    get serverTick() {
      return drawn()?.clock.serverTick ?? 0;
    },
    get playhead() {
      return drawn()?.clock.playhead ?? 0;
    },
    get predictedTick() {
      return drawn()?.predictor.tick ?? 0;
    },
  };
}

export function readStats(
  past: PastCounts,
  from: { meter: RateMeter; running: () => Play | undefined; drawn: () => Play | undefined },
): ShardStats {
  return {
    get bytesPerSecond() {
      return from.meter.perSecond;
    },
    get frames() {
      return past.frames + (from.running()?.frames ?? 0);
    },
    get mispredictions() {
      return past.mispredictions + (from.running()?.predictor.mispredictions ?? 0);
    },
    get rejected() {
      return past.rejected;
    },
    get tick() {
      return from.drawn()?.tick ?? 0;
    },
    get interpolationDelayMs() {
      return from.drawn()?.clock.delayMs ?? 0;
    },
  };
}

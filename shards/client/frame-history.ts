/**
 * What the last frames of a shard were, for the debug overlay: in a ring, noted as they come. Time is told in ticks of
 * the server, so nothing here reads a clock of its own.
 */
import type { Cancel } from '../../src/base/env.ts';
import type { ShardClock, ShardStats } from './shard-handle.ts';

export interface NotedFrame {
  tick: number;
  bytes: number;
  /** How much later than the soonest frames, in milliseconds. */
  lateMs: number;
  /** What had been predicted of the own entity was wrong. */
  mispredicted: boolean;
}

export interface FrameSource {
  readonly clock: ShardClock;
  readonly stats: ShardStats;
  onFrame(listener: () => void): Cancel;
}

export class FrameHistory {
  readonly #ring: NotedFrame[];
  readonly #source: FrameSource;
  readonly #stop: Cancel;
  #count = 0;
  #mispredictions: number;

  constructor(source: FrameSource, capacity: number) {
    this.#source = source;
    this.#ring = Array.from({ length: capacity }, () => ({
      tick: 0,
      bytes: 0,
      lateMs: 0,
      mispredicted: false,
    }));
    this.#mispredictions = source.stats.mispredictions;
    this.#stop = source.onFrame(() => this.#note());
  }

  /** Frames that are remembered. */
  get size(): number {
    return Math.min(this.#count, this.#ring.length);
  }

  /** 0 is the newest. */
  at(ago: number): NotedFrame {
    return this.#ring[(this.#count - 1 - ago) % this.#ring.length]!;
  }

  close(): void {
    this.#stop();
  }

  #note(): void {
    const { clock, stats } = this.#source;
    const frame = this.#ring[this.#count++ % this.#ring.length]!;
    const ticksMs = clock.tickRate > 0 ? 1000 / clock.tickRate : 0;
    frame.tick = clock.tick;
    frame.bytes = stats.frameBytes;
    frame.lateMs = Math.max(0, (clock.serverTick - clock.tick) * ticksMs);
    frame.mispredicted = stats.mispredictions > this.#mispredictions;
    this.#mispredictions = stats.mispredictions;
  }
}

/**
 * How late ticks began, over the last minute or so: counts in buckets that grow by 15 percent, so adding one
 * allocates nothing and quantiles are right to 15 percent. Filled by scheduler.ts; the gauges read it, for
 * several threads at once by adding their buckets up. [T9]
 */
import type { Clock } from '../../src/base/env.ts';

const FIRST_MS = 0.1;
const GROWTH = 1.15;
const BUCKETS = 96;
/** Two windows of this length are kept: the one that fills and the one before. */
const WINDOW_MS = 30_000;

export class Lateness {
  readonly #clock: Clock;
  #filling = new Array<number>(BUCKETS).fill(0);
  #before = new Array<number>(BUCKETS).fill(0);
  #sinceMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#sinceMs = clock.monotonic();
  }

  add(ms: number): void {
    this.#roll();
    this.#filling[bucketOf(ms)]!++;
  }

  /** Ticks by bucket. */
  get buckets(): readonly number[] {
    this.#roll();
    return this.#filling.map((count, i) => count + this.#before[i]!);
  }

  #roll(): void {
    const passedMs = this.#clock.monotonic() - this.#sinceMs;
    if (passedMs < WINDOW_MS) return;
    const spare = this.#before;
    this.#before = passedMs < 2 * WINDOW_MS ? this.#filling : spare.fill(0);
    this.#filling = this.#before === spare ? this.#filling.fill(0) : spare.fill(0);
    this.#sinceMs += Math.floor(passedMs / WINDOW_MS) * WINDOW_MS;
  }
}

/** The lateness that `share` of the ticks did not exceed, rounded up to its bucket's end; 0 without ticks. */
export function quantileMs(all: readonly (readonly number[])[], share: number): number {
  const sums = new Array<number>(BUCKETS).fill(0);
  let total = 0;
  for (const buckets of all) {
    for (let i = 0; i < BUCKETS; i++) {
      sums[i]! += buckets[i]!;
      total += buckets[i]!;
    }
  }
  let left = Math.max(1, Math.ceil(total * share));
  if (total === 0) return 0;
  let bucket = 0;
  while (bucket < BUCKETS - 1) {
    left -= sums[bucket]!;
    if (left <= 0) break;
    bucket++;
  }
  return FIRST_MS * GROWTH ** bucket;
}

function bucketOf(ms: number): number {
  if (ms <= FIRST_MS) return 0;
  return Math.min(BUCKETS - 1, Math.ceil(Math.log(ms / FIRST_MS) / Math.log(GROWTH)));
}

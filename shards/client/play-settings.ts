/**
 * How a page draws a shard and predicts in it: a matter of the page alone, given to `joinShard` as `play`. What both
 * sides must agree on is in the definition's limits.
 */
import { assert } from '../../src/base/assert.ts';

export interface PlaySettings {
  /**
   * Others are drawn at least so long ago, in milliseconds. The delay follows the jitter by itself: one frame, and what
   * nine of ten frames are late.
   */
  readonly minDelayMs: number;
  /** And at most so long ago, however uneven frames come. */
  readonly maxDelayMs: number;
  /** When no frame comes, what moved goes on for so long as it went; then it stands. */
  readonly extrapolateMs: number;
  /** When a prediction was wrong, or what was drawn of others was, half of the difference is gone after this time. */
  readonly correctionMs: number;
  /** What the player's own `step` has spawned and is drawn ahead, as he is: so many entities at once. */
  readonly predictedSpawns: number;
}

export const DEFAULT_PLAY_SETTINGS: PlaySettings = {
  minDelayMs: 0,
  maxDelayMs: 250,
  extrapolateMs: 200,
  correctionMs: 80,
  predictedSpawns: 32,
};

const MAX_DELAY_MS = 2000;
const MAX_SPAWNS = 1024;

export function resolvePlay(given: Partial<PlaySettings> = {}): PlaySettings {
  const settings = { ...DEFAULT_PLAY_SETTINGS, ...given };
  const { minDelayMs, maxDelayMs, extrapolateMs, correctionMs, predictedSpawns } = settings;
  assert(minDelayMs >= 0 && minDelayMs <= maxDelayMs, `minDelayMs is ${minDelayMs}`);
  assert(maxDelayMs <= MAX_DELAY_MS, `maxDelayMs is ${maxDelayMs}, above ${MAX_DELAY_MS}`);
  assert(extrapolateMs >= 0 && extrapolateMs <= MAX_DELAY_MS, `extrapolateMs is ${extrapolateMs}`);
  assert(correctionMs > 0 && Number.isFinite(correctionMs), `correctionMs is ${correctionMs}`);
  const whole = Number.isInteger(predictedSpawns) && predictedSpawns >= 0 && predictedSpawns <= MAX_SPAWNS;
  assert(whole, `predictedSpawns is ${predictedSpawns}`);
  return settings;
}

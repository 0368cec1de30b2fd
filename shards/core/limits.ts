/**
 * What a shard bears, part of its definition because both sides need to know: the server enforces these,
 * the client keeps within them. What only the server decides is in server/options.ts. [N3]
 */
import { assert } from '../../src/base/assert.ts';

export interface ShardLimits {
  /** Players at once, those in their grace time included. */
  readonly players: number;
  /** Entities at once; a `spawn` above it throws. */
  readonly entities: number;
  /** Ticks in a second that an event-driven shard computes at most; what comes sooner waits for the next. */
  readonly eventTicksPerSecond: number;
  /**
   * Input frames that a player may send in a second, with bursts of half a second; a client sends one each tick.
   * Left out, 120 or twice the tick rate, whichever is more.
   */
  readonly inputsPerSecond: number;
  /** Ticks in one input frame. */
  readonly inputTicks: number;
  /** How far ahead of the server an input may be stamped, in ticks; so many are kept per player. */
  readonly inputAheadTicks: number;
  /** For so many ticks a missing input is taken to be like the last one; then it is the neutral one. */
  readonly inputRepeatTicks: number;
  /** Bytes of one message or event as MessagePack. */
  readonly messageBytes: number;
  /** Nesting of lists and maps in a message or an event. */
  readonly messageDepth: number;
  /** Messages that a player may send in a second, with bursts of one second. */
  readonly messagesPerSecond: number;
  /**
   * Bytes of frames that a player is sent in a second; 0 is no limit. Within it what is near goes first. What waits
   * is drawn as it was last moving, and comes before long. For worlds with a grid: elsewhere whole frames wait.
   */
  readonly bytesPerSecond: number;
}

export const DEFAULT_SHARD_LIMITS: ShardLimits = {
  players: 256,
  entities: 16_384,
  eventTicksPerSecond: 60,
  inputsPerSecond: 120,
  inputTicks: 16,
  inputAheadTicks: 64,
  inputRepeatTicks: 15,
  messageBytes: 4096,
  messageDepth: 16,
  messagesPerSecond: 20,
  bytesPerSecond: 0,
};

export function resolveLimits(given: Partial<ShardLimits>): ShardLimits {
  const limits = { ...DEFAULT_SHARD_LIMITS, ...given };
  for (const [name, value] of Object.entries(limits)) {
    const least = name === 'bytesPerSecond' ? 0 : 1;
    assert(Number.isSafeInteger(value) && value >= least, `limits.${name} is ${value}`);
  }
  assert(limits.inputTicks <= 255, 'limits.inputTicks fits a byte');
  return limits;
}

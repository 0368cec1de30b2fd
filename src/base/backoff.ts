/**
 * Full jitter: a delay drawn from [0, min(cap, base * 2^attempt)).
 * Source: M. Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015.
 */
import type { Random } from './env.ts';

export interface BackoffOptions {
  baseMs: number;
  capMs: number;
}

/** `attempt` counts from 0. */
export function backoffMs(attempt: number, random: Random, options: BackoffOptions): number {
  return random.next() * Math.min(options.capMs, options.baseMs * 2 ** Math.min(attempt, 30));
}

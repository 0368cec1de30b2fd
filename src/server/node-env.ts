/** The Env of a real server: the system's clocks, the system's chance, JSON lines on stdout. */
import { randomFillSync } from 'node:crypto';
import { pino } from 'pino';
import type { Clock, Env, Log, Random } from '../base/env.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

const MAX_TIMER_MS = 2 ** 31 - 1;

const clock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (delayMs, task) => {
    const timer = setTimeout(task, Math.min(Math.max(delayMs, 0), MAX_TIMER_MS));
    return () => clearTimeout(timer);
  },
  soon: (task) => {
    setImmediate(task);
  },
};

/** The system's chance in larger portions: asking for 10 bytes costs as much as asking for 4,096. */
function pooledRandom(): Random {
  const pool = Buffer.alloc(4096);
  let used = pool.length;
  return {
    next: () => Math.random(),
    fill: (bytes) => {
      if (bytes.length > pool.length / 4) return randomFillSync(bytes);
      if (used + bytes.length > pool.length) {
        randomFillSync(pool);
        used = 0;
      }
      bytes.set(pool.subarray(used, used + bytes.length));
      pool.fill(0, used, used + bytes.length); // what was given away is kept nowhere else
      used += bytes.length;
      return bytes;
    },
  };
}

export function nodeEnv(level: LogLevel): Env {
  const sink = pino({ level, base: null });
  const log: Log = {
    debug: (event, fields) => sink.debug(fields ?? {}, event),
    info: (event, fields) => sink.info(fields ?? {}, event),
    warn: (event, fields) => sink.warn(fields ?? {}, event),
    error: (event, fields) => sink.error(fields ?? {}, event),
  };
  return { clock, random: pooledRandom(), log };
}

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
    const timer = setTimeout(task, Math.min(delayMs, MAX_TIMER_MS));
    return () => clearTimeout(timer);
  },
  soon: (task) => {
    setImmediate(task);
  },
};

const random: Random = {
  next: () => Math.random(),
  fill: (bytes) => randomFillSync(bytes),
};

export function nodeEnv(level: LogLevel): Env {
  const sink = pino({ level, base: null });
  const log: Log = {
    debug: (event, fields) => sink.debug(fields ?? {}, event),
    info: (event, fields) => sink.info(fields ?? {}, event),
    warn: (event, fields) => sink.warn(fields ?? {}, event),
    error: (event, fields) => sink.error(fields ?? {}, event),
  };
  return { clock, random, log };
}

/** The Env of a worker thread: the system's clocks and chance. Its log is replaced by one to the main thread. */
import { randomFillSync } from 'node:crypto';
import { type Env, silentLog } from '../../src/base/env.ts';

export function workerEnv(): Env {
  return {
    clock: {
      now: () => Date.now(),
      monotonic: () => performance.now(),
      after: (delayMs, task) => {
        const timer = setTimeout(task, Math.max(delayMs, 0));
        return () => clearTimeout(timer);
      },
      soon: (task) => {
        setImmediate(task);
      },
    },
    random: { next: () => Math.random(), fill: (bytes) => randomFillSync(bytes) },
    log: silentLog,
  };
}

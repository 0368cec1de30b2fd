/**
 * One process on one core, so that a server and its load do not take from each other. Where `taskset` or a second
 * core is missing, nothing happens.
 */
import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';

const CORE = { server: 0, load: 1 } as const;

/** This process with all its threads. */
export function pin(as: keyof typeof CORE): void {
  if (cpus().length < 2) return;
  spawnSync('taskset', ['-acp', String(CORE[as]), String(process.pid)], { stdio: 'ignore' });
}

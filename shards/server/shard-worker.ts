/**
 * The entry of a worker thread for shards, started by worker-port.ts: imports the app's module of definitions
 * and answers the main thread from a ThreadDesk.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { type AnyShardDef, isShardDef } from '../core/define-shard.ts';
import { ThreadDesk } from './thread-desk.ts';
import { workerEnv } from './worker-env.ts';
import type { WorkerData } from './worker-port.ts';

const { module, options } = workerData as WorkerData;
const desk = new ThreadDesk(
  workerEnv(),
  { defs: definitions(await import(module)), post: (buffer) => parentPort?.postMessage(buffer, [buffer]) },
  options,
);
parentPort?.on('message', (buffer: ArrayBuffer) => desk.receive(buffer));

/** What a module exports, by names of shards. */
function definitions(exported: Record<string, unknown>): ReadonlyMap<string, AnyShardDef> {
  const defs = Object.values(exported).filter(isShardDef);
  return new Map(defs.map((def) => [def.name, def]));
}

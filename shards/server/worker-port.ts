/** Begins real worker threads for thread-host.ts. */
import { Worker } from 'node:worker_threads';
import type { ThreadOptions } from './options.ts';
import type { PortEvents, SpawnThread, ThreadPort } from './thread-message.ts';

export interface WorkerData {
  /** The address of the module that exports the definitions. */
  readonly module: string;
  readonly options: ThreadOptions;
}

/** tsc rewrites the endings of imports only, so the worker's ending is taken from this file's own. */
const ENTRY = new URL(`./shard-worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);

export function workerSpawner(module: URL, options: ThreadOptions): SpawnThread {
  const workerData: WorkerData = { module: module.href, options };
  return (events) => new WorkerPort(workerData, events);
}

class WorkerPort implements ThreadPort {
  readonly #worker: Worker;
  #ended = false;

  constructor(workerData: WorkerData, events: PortEvents) {
    this.#worker = new Worker(ENTRY, { workerData, execArgv: conditions(process.execArgv) });
    this.#worker.on('message', (buffer: ArrayBuffer) => events.message(buffer));
    const died = (reason: string) => {
      if (!this.#ended) events.died(reason);
    };
    this.#worker.on('error', (error) => died(`it threw ${String(error)}`));
    this.#worker.on('exit', (code) => died(`it ended with ${code}`));
    this.#worker.unref(); // after the listeners, which hold the process again
  }

  post(buffer: ArrayBuffer): void {
    this.#worker.postMessage(buffer, [buffer]);
  }

  async end(): Promise<void> {
    this.#ended = true;
    await this.#worker.terminate();
  }
}

/** The module is found as it was found here; other flags of the process, such as `--eval`, are not for a worker. */
function conditions(flags: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i < flags.length; i++) {
    const flag = flags[i]!;
    if (flag.startsWith('--conditions=')) kept.push(flag);
    else if ((flag === '--conditions' || flag === '-C') && i + 1 < flags.length)
      kept.push(`--conditions=${flags[++i]}`);
  }
  return kept;
}

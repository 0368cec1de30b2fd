/**
 * One worker thread of the materialiser, from its start to its end. Made and replaced by worker-host.ts.
 * Jobs of one turn leave in one message. Whatever ends the thread, every job it was given is answered.
 *
 *   working --retire()--> retiring --last answer--> ended      any --dies, a job takes too long, end()--> ended
 */
import { Worker } from 'node:worker_threads';
import { type Deferred, deferred } from '../../src/base/deferred.ts';
import type { Cancel, Env } from '../../src/base/env.ts';
import { Fault } from '../../src/base/fault.ts';
import { type FromWorker, type JobRequest, Packer, type ToWorker } from './job-message.ts';
import type { Answer, Bytes, JobInput, JobName } from './materialiser-jobs.ts';
import type { DocsOptions } from './options.ts';

/** tsc rewrites the endings of imports only, so the worker's ending is taken from this file's own. */
const ENTRY = new URL(
  `./materialiser-worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`,
  import.meta.url,
);

interface Deps {
  /** A job trapped. */
  readonly trapped: () => void;
  /** Nothing is left to do; the worker holds so much memory. */
  readonly idle: (memoryBytes: number) => void;
  /** The thread is no more, and nobody asked for that. */
  readonly died: (fault: Fault) => void;
}

type State = 'working' | 'retiring' | 'ended';

export class JobThread {
  readonly #env: Env;
  readonly #deps: Deps;
  readonly #timeoutMs: number;
  readonly #worker: Worker;
  readonly #pending = new Map<number, Deferred<Answer>>();
  #state: State = 'working';
  #packer = new Packer();
  #requests: JobRequest[] = [];
  #n = 0;
  #cancelTimeout: Cancel | undefined;

  constructor(env: Env, deps: Deps, options: DocsOptions) {
    this.#env = env;
    this.#deps = deps;
    this.#timeoutMs = options.jobTimeoutMs;
    this.#worker = new Worker(ENTRY);
    this.#worker.on('message', (message: FromWorker) => this.#answered(message));
    this.#worker.on('error', (error) => this.#died(`it threw ${String(error)}`));
    this.#worker.on('exit', (code) => this.#died(`it ended with ${code}`));
    this.#worker.unref(); // after the listeners, which hold the process again
  }

  /** Jobs that are not answered yet. */
  get pending(): number {
    return this.#pending.size;
  }

  run(name: JobName, input: JobInput<JobName>, bytes: Bytes): Promise<Answer> {
    const n = ++this.#n;
    const answer = deferred<Answer>();
    this.#pending.set(n, answer);
    if (this.#requests.length === 0) this.#env.clock.soon(() => this.#post());
    this.#requests.push({ n, name, input, parts: this.#packer.add(bytes) });
    this.#cancelTimeout ??= this.#env.clock.after(this.#timeoutMs, () => this.#late());
    return answer.promise;
  }

  /** Ends when all that was asked is answered. */
  retire(): void {
    if (this.#state === 'working') this.#state = 'retiring';
    if (this.#pending.size === 0) void this.end(new Fault('unavailable', 'the worker was replaced'));
  }

  /** Ends now; what is not answered fails with `fault`. */
  async end(fault: Fault): Promise<void> {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#cancelTimeout?.();
    for (const answer of this.#pending.values()) answer.reject(fault);
    this.#pending.clear();
    await this.#worker.terminate();
  }

  #post(): void {
    if (this.#state === 'ended') return;
    const message: ToWorker = { requests: this.#requests, buffer: this.#packer.finish() };
    this.#requests = [];
    this.#packer = new Packer();
    this.#worker.postMessage(message, [message.buffer]);
  }

  #answered({ n, result, memoryBytes }: FromWorker): void {
    const answer = this.#pending.get(n);
    if (!answer) return;
    this.#pending.delete(n);
    this.#cancelTimeout?.();
    const busy = this.#pending.size > 0;
    this.#cancelTimeout = busy ? this.#env.clock.after(this.#timeoutMs, () => this.#late()) : undefined;
    if ('fault' in result) {
      answer.reject(Fault.fromJSON(result.fault));
      if (result.trap) this.#deps.trapped();
    } else {
      answer.resolve(result);
    }
    if (this.#pending.size > 0) return;
    if (this.#state === 'retiring') this.retire();
    else this.#deps.idle(memoryBytes);
  }

  #late(): void {
    this.#died(`a job took longer than ${this.#timeoutMs} ms`, new Fault('timeout', 'a job took too long'));
  }

  #died(reason: string, fault = new Fault('unavailable', 'the worker was replaced')): void {
    if (this.#state === 'ended') return;
    this.#env.log.error('docs.worker_died', { reason, pending: this.#pending.size });
    const wanted = this.#state === 'retiring';
    void this.end(fault);
    if (!wanted) this.#deps.died(fault);
  }
}

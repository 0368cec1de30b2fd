/**
 * Keeps a row's columns equal to its document: some moments after a commit, at most once per `projectMs`, as
 * a normal row change. It shows what is durable and nothing else, so after a crash the column is never ahead
 * of the document. A write that fails is tried again until it succeeds or the document ends. [D1] [D10]
 *
 *   clean --touch()--> waiting --timer--> running --nothing new--> clean
 *                         ^-----touched meanwhile, or failed-----'        any --close()--> closed
 */
import { backoffMs } from '../../src/base/backoff.ts';
import { type Deferred, deferred } from '../../src/base/deferred.ts';
import type { Cancel, Env } from '../../src/base/env.ts';
import { Fault } from '../../src/base/fault.ts';
import type { JsonObject } from '../../src/base/json.ts';
import type { Versions } from '../core/versions.ts';
import type { Food, Shadow } from './materialiser.ts';
import type { DocsOptions } from './options.ts';

/** The document, as far as it is durable. */
export interface ProjectionSource {
  readonly rev: number;
  /** What a shadow that holds `from` lacks. */
  food(from: Versions): Food;
}

interface Deps {
  readonly source: ProjectionSource;
  readonly shadow: Shadow;
  /** Told of each error. */
  readonly failed: (error: unknown) => void;
  readonly write: (rev: number, columns: JsonObject) => Promise<void>;
}

type State =
  | { name: 'clean' }
  | { name: 'waiting'; cancel: Cancel; attempt: number }
  | { name: 'running'; again: boolean }
  | { name: 'closed' };

export class Projector {
  readonly #env: Env;
  readonly #deps: Deps;
  readonly #options: DocsOptions;
  #state: State = { name: 'clean' };
  #lastMs = Number.NEGATIVE_INFINITY;
  #settled: Deferred<void> | undefined;
  /** The revision that the row shows. */
  #shown = 0;
  readonly #waits = new Set<{ readonly rev: number; readonly reached: Deferred<void> }>();

  constructor(env: Env, deps: Deps, options: DocsOptions) {
    this.#env = env;
    this.#deps = deps;
    this.#options = options;
  }

  /** The row shows all there is. */
  get isClean(): boolean {
    return this.#state.name === 'clean';
  }

  /** What the row shows when the document is loaded. */
  shows(rev: number): void {
    this.#shown = rev;
    if (rev < this.#deps.source.rev) this.touch();
  }

  /** Resolves when the row shows `rev` or a later revision. Throws `timeout`, `overloaded`, and why this was closed. [D11] */
  async reached(rev: number, timeoutMs: number): Promise<void> {
    if (this.#shown >= rev) return;
    if (this.#waits.size >= this.#options.maxProjectionWaits)
      throw new Fault('overloaded', 'too many wait for the columns of this document');
    const wait = { rev, reached: deferred<void>() };
    this.#waits.add(wait);
    const late = () => wait.reached.reject(new Fault('timeout', `the row does not show revision ${rev} yet`));
    const cancel = this.#env.clock.after(timeoutMs, late);
    await wait.reached.promise.finally(() => {
      cancel();
      this.#waits.delete(wait);
    });
  }

  /** The document has a new revision. */
  touch(): void {
    if (this.#state.name === 'running') this.#state.again = true;
    if (this.#state.name === 'clean') this.#wait(this.#lastMs + this.#options.projectMs - this.#now(), 0);
  }

  /** Projects now what there is; resolves when the row shows it, or when this is closed. */
  flush(): Promise<void> {
    if (this.#state.name === 'waiting' && this.#state.attempt === 0) void this.#run(0);
    if (this.#state.name === 'clean' || this.#state.name === 'closed') return Promise.resolve();
    this.#settled ??= deferred();
    return this.#settled.promise;
  }

  close(fault: Fault): void {
    if (this.#state.name !== 'closed') this.#to({ name: 'closed' });
    for (const { reached } of this.#waits) reached.reject(fault);
  }

  #wait(delayMs: number, attempt: number): void {
    const cancel = this.#env.clock.after(Math.max(0, delayMs), () => void this.#run(attempt));
    this.#to({ name: 'waiting', cancel, attempt });
  }

  async #run(attempt: number): Promise<void> {
    const running: State = { name: 'running', again: false };
    this.#to(running);
    const failed = await this.#project();
    if (this.#state !== running) return;
    this.#lastMs = this.#now();
    if (failed !== undefined) {
      this.#env.log.error('docs.project_failed', { error: String(failed), attempt });
      this.#deps.failed(failed);
      this.#wait(backoffMs(attempt, this.#env.random, this.#options.retry), attempt + 1);
    } else if (running.again) {
      this.#wait(this.#settled ? 0 : this.#options.projectMs, 0);
    } else {
      this.#to({ name: 'clean' });
    }
  }

  /** The error, if there was one. */
  async #project(): Promise<unknown> {
    const { source, shadow, write } = this.#deps;
    try {
      const { rev } = source;
      const columns = await shadow.read(source.food(shadow.versions));
      if (this.#state.name !== 'running') return undefined;
      await write(rev, columns);
      this.#shown = rev;
      for (const wait of this.#waits) if (wait.rev <= rev) wait.reached.resolve();
    } catch (error) {
      return error ?? new Error('unknown');
    }
    return undefined;
  }

  #now(): number {
    return this.#env.clock.monotonic();
  }

  #to(next: State): void {
    if (this.#state.name === 'waiting') this.#state.cancel();
    this.#state = next;
    if (next.name === 'clean' || next.name === 'closed') {
      this.#settled?.resolve();
      this.#settled = undefined;
    }
  }
}

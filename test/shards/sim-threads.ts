/**
 * Worker threads without threads: each a ThreadDesk over the simulated clock, with the main thread's real code
 * in front of it, so that runs are pure functions of their seeds. Buffers are handed over as between threads.
 * Worlds are within reach of the tests.
 */
import type { AnyShardDef, World } from '../../shards/core/index.ts';
import { threadOptions } from '../../shards/server/options.ts';
import type { HostMaker } from '../../shards/server/plugin.ts';
import { ThreadDesk } from '../../shards/server/thread-desk.ts';
import { ThreadHost } from '../../shards/server/thread-host.ts';
import type { PortEvents, SpawnThread, ThreadPort } from '../../shards/server/thread-message.ts';
import type { SimEnv } from '../../src/testing/sim-env.ts';

export class SimThreads {
  readonly #env: SimEnv;
  /** Those that were begun, in order. */
  readonly begun: SimThread[] = [];
  /** Nothing comes through meanwhile, in either direction. */
  stalled = false;
  latencyMs = 0;
  /** What the threads find in their module; the definitions of the main thread unless a test says. */
  defs: ReadonlyMap<string, AnyShardDef> | undefined;

  constructor(env: SimEnv) {
    this.#env = env;
  }

  /** `world` of its shards works, which it does not with real threads. */
  readonly host: HostMaker = (env, defs, options) => {
    const rest = threadOptions(options);
    const spawn: SpawnThread = (events) => {
      const thread = new SimThread(this, this.#env.clock, events);
      const known = this.defs ?? defs;
      thread.desk = new ThreadDesk(this.#env, { defs: known, post: (buffer) => thread.up(buffer) }, rest);
      this.begun.push(thread);
      return thread;
    };
    const host = new ThreadHost(env, { defs, spawn }, options);
    const begin = host.begin.bind(host);
    host.begin = (def, how, stopped) => {
      const shard = begin(def, how, stopped);
      let world: World | undefined;
      const seen = () => this.begun.flatMap((thread) => thread.desk?.running ?? []);
      return Object.defineProperty(shard, 'world', {
        get: () => {
          if (shard.running)
            world = seen().find((other) => other.def.name === def.name && other.id === how.id)?.world;
          return world;
        },
      });
    };
    return host;
  };
}

export class SimThread implements ThreadPort {
  desk: ThreadDesk | undefined;
  readonly #threads: SimThreads;
  readonly #clock: SimEnv['clock'];
  readonly #events: PortEvents;
  /** What waits while the threads are stalled. */
  #waiting: (() => void)[] = [];

  constructor(threads: SimThreads, clock: SimEnv['clock'], events: PortEvents) {
    this.#threads = threads;
    this.#clock = clock;
    this.#events = events;
  }

  post(buffer: ArrayBuffer): void {
    const there = structuredClone(buffer, { transfer: [buffer] });
    this.#pass(() => this.desk?.receive(there));
  }

  up(buffer: ArrayBuffer): void {
    const here = structuredClone(buffer, { transfer: [buffer] });
    this.#pass(() => this.desk && this.#events.message(here));
  }

  /** As a real one does that runs out of memory. */
  die(): void {
    void this.end();
    this.#events.died('the test said so');
  }

  async end(): Promise<void> {
    this.desk?.close();
    this.desk = undefined;
  }

  #pass(run: () => void): void {
    this.#clock.after(this.#threads.latencyMs, () => {
      this.#waiting.push(run);
      if (this.#threads.stalled) return;
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const each of waiting) each();
    });
  }
}

/**
 * Runs shards on one thread, whichever that is: one scheduler for all of them, and the end of those that are
 * empty. inline-host.ts has one on the main thread, thread-desk.ts one in each worker.
 * [T3] A shard that fails stops alone.
 */
import type { Cancel, Env } from '../../src/base/env.ts';
import { Fault } from '../../src/base/fault.ts';
import { Refcount } from '../../src/base/refcount.ts';
import type { AnyShardDef } from '../core/define-shard.ts';
import { addCounts, noShardCounts, type ThreadCounts } from './counts.ts';
import type { ThreadOptions } from './options.ts';
import { Scheduler } from './scheduler.ts';
import type { Seat } from './seat.ts';
import { Shard } from './shard.ts';
import type { Begin } from './shard-host.ts';
import { decodeState } from './state-codec.ts';

export interface RunEvents {
  came?(seat: Seat): void;
  went?(seat: Seat): void;
  stopped(fault: Fault | undefined): void;
}

export class Runner {
  readonly #env: Env;
  readonly #options: ThreadOptions;
  readonly #scheduler: Scheduler;
  readonly #shards = new Set<Shard>();
  readonly #past = noShardCounts();

  constructor(env: Env, options: ThreadOptions) {
    this.#env = env;
    this.#options = options;
    this.#scheduler = new Scheduler(env.clock, options.maxCatchUpTicks);
  }

  get size(): number {
    return this.#shards.size;
  }

  /** Throws Fault `internal` when the definition throws, or what a bad state does; `stopped` was called then. */
  begin(def: AnyShardDef, { pinned, saved, ...begin }: Begin, events: RunEvents): Shard {
    const { graceMs, idleMs } = this.#options;
    const idle = new Refcount(this.#env.clock, idleMs, () => shard.stop());
    const begun = idle.acquire(); // a pinned shard keeps this one
    const held = new Map<Seat, Cancel>();
    const shard = new Shard(
      this.#env,
      {
        def,
        events: {
          wake: () => ticking.wake(),
          came: (seat) => {
            held.set(seat, idle.acquire());
            events.came?.(seat);
          },
          went: (seat) => {
            held.get(seat)?.();
            held.delete(seat);
            events.went?.(seat);
          },
          stopped: (fault) => {
            idle.close();
            ticking.stop();
            this.#shards.delete(shard);
            addCounts(this.#past, shard.counts);
            this.#env.log.info('shard.stop', { shard: def.name, id: begin.id, failed: fault !== undefined });
            events.stopped(fault);
          },
        },
      },
      { ...begin, graceMs, ladder: this.#options },
    );
    const run = (last: boolean) => shard.tick(last);
    const ticking = def.eventDriven
      ? this.#scheduler.addEventDriven(def.limits.eventTicksPerSecond, run)
      : this.#scheduler.add(def.tickRate, run);
    this.#shards.add(shard);
    this.#env.log.info('shard.start', { shard: def.name, id: begin.id });
    try {
      if (saved) {
        shard.load(decodeState(saved));
        for (const seat of [...shard.players]) shard.vacate(seat);
      } else shard.start();
    } catch (error) {
      shard.stop(); // a state that does not fit has not done that
      throw error;
    }
    // What `leave` threw has ended it.
    if (!shard.running) throw new Fault('internal', 'the shard has failed');
    if (!pinned) begun();
    return shard;
  }

  counts(): ThreadCounts {
    const shards = { ...this.#past };
    for (const shard of this.#shards) {
      addCounts(shards, shard.counts);
      for (const seat of shard.players) shards.inputsRejected += seat.rejected;
    }
    return { ticks: this.#scheduler.counts, shards, lateness: this.#scheduler.lateness.buckets };
  }

  close(): void {
    for (const shard of [...this.#shards]) shard.stop();
    this.#scheduler.close();
  }
}

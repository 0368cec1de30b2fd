/** Who wants to know what happens in which shard: the input log and recordings share one journal of a shard. */
import type { Cancel } from '../../src/base/env.ts';
import type { LogBatch } from './journal.ts';
import type { HostedShard } from './shard-host.ts';

interface Tap {
  readonly hashTicks: number;
  readonly logged: (batch: LogBatch) => void;
}

export class LogTaps {
  readonly #taps = new Map<HostedShard, Set<Tap>>();

  /** From now on `logged` is given each batch; the hash of the world is in it every `hashTicks` ticks, or more often. */
  add(shard: HostedShard, hashTicks: number, logged: (batch: LogBatch) => void): Cancel {
    const taps = this.#taps.get(shard) ?? new Set<Tap>();
    const tap: Tap = { hashTicks, logged };
    this.#taps.set(shard, taps.add(tap));
    this.#listen(shard, taps);
    return () => {
      if (!taps.delete(tap)) return;
      if (taps.size === 0) this.#taps.delete(shard);
      this.#listen(shard, taps);
    };
  }

  #listen(shard: HostedShard, taps: ReadonlySet<Tap>): void {
    if (!shard.running) return;
    const hashTicks = taps.size === 0 ? 0 : Math.min(...[...taps].map((tap) => tap.hashTicks));
    shard.log(hashTicks, (batch) => {
      for (const { logged } of taps) logged(batch);
    });
  }
}

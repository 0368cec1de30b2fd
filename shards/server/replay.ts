/**
 * Computes a shard again: a state, and what was logged since. It runs the shard's own code, with nobody there and
 * without time: nothing is sent, nothing waits. Used when a shard is restored (restore.ts) and for recordings
 * (replay-recording.ts). [T1] [T7]
 */
import { type Env, silentLog } from '../../src/base/env.ts';
import { Fault, isFault } from '../../src/base/fault.ts';
import type { AnyShardDef } from '../core/define-shard.ts';
import { AbsentChannel } from './absent-channel.ts';
import type { LogBatch } from './journal.ts';
import { type Entry, readEntries } from './journal-entry.ts';
import { DEFAULT_SHARDS_OPTIONS } from './options.ts';
import type { Seat } from './seat.ts';
import { Shard } from './shard.ts';
import type { ShardState } from './shard-state.ts';

/** Where what was computed is not what was logged. */
export interface Divergence {
  /** The tick before, or of, the first difference that was seen. */
  readonly tick: number;
  readonly reason: string;
}

export class Replay {
  readonly #def: AnyShardDef;
  readonly #shard: Shard;
  readonly #seats = new Map<number, Seat>();
  #divergence: Divergence | undefined;
  #broken = false;
  #hashes = 0;
  #verifiedTick: number;

  constructor(def: AnyShardDef, state: ShardState) {
    this.#def = def;
    const { id, params, seed } = state;
    const options = { id, params, seed, graceMs: 0, ladder: DEFAULT_SHARDS_OPTIONS };
    this.#shard = new Shard(timeless(), { def, events: deaf }, options);
    this.#shard.load(state);
    for (const seat of this.#shard.players) this.#seats.set(seat.number, seat);
    this.#verifiedTick = state.world.tick;
  }

  /** The first difference, if there is one. */
  get divergence(): Divergence | undefined {
    return this.#divergence;
  }

  get tick(): number {
    return this.#shard.world.tick;
  }

  /** Hashes that were equal. */
  get hashes(): number {
    return this.#hashes;
  }

  /** The last tick of which the hash was equal, or at which this began. */
  get verifiedTick(): number {
    return this.#verifiedTick;
  }

  state(): ShardState {
    return this.#shard.state(true);
  }

  /** Computes what a batch says, up to `lastTick`. */
  apply(batch: Pick<LogBatch, 'bytes'>, lastTick = Number.POSITIVE_INFINITY): void {
    let what = 'a batch';
    try {
      for (const entry of readEntries(batch.bytes, this.#def.eventDriven)) {
        if (this.#broken || (this.tick >= lastTick && entry.kind !== 'hash')) return;
        what = entry.kind;
        this.#take(entry);
        if (!this.#shard.running) this.#break(`${what} ended the shard`);
      }
    } catch (error) {
      this.#break(`${what} threw ${String(error)}`); // also what cannot be read
    }
  }

  #take(entry: Entry): void {
    const shard = this.#shard;
    switch (entry.kind) {
      case 'join':
        return answered(() => {
          const { owner } = entry;
          const how = { returning: false, ticket: owner.ticket };
          const seat = shard.seat(new AbsentChannel(owner), how);
          this.#seats.set(seat.number, seat);
        });
      case 'leave':
        shard.leave(this.#seat(entry.seat));
        this.#seats.delete(entry.seat);
        return;
      case 'identify':
        return shard.identify(this.#seat(entry.seat), entry.viewer);
      case 'ask':
        return answered(() => void shard.ask(entry.question));
      case 'message':
        this.#seat(entry.seat).messages.push(shard.readMessage(entry.bytes));
        return;
      case 'input':
        return this.#seat(entry.seat).inputs.give(entry.record, this.#def.eventDriven);
      case 'tick':
        return shard.repeat(entry.dtSeconds ?? 1 / this.#def.tickRate);
      case 'hash':
        return this.#compare(entry.hash);
    }
  }

  /** What follows another hash is computed all the same: a state of the recording may show what differs. */
  #compare(hash: string): void {
    if (this.#shard.world.hash() !== hash) return this.#diverged('the hash differs');
    if (this.#divergence) return;
    this.#hashes++;
    this.#verifiedTick = this.tick;
  }

  #break(reason: string): void {
    this.#diverged(reason);
    this.#broken = true;
  }

  #seat(number: number): Seat {
    const seat = this.#seats.get(number);
    if (!seat) throw new Fault('not_found', `no seat ${number}`);
    return seat;
  }

  #diverged(reason: string): void {
    this.#divergence ??= { tick: this.tick, reason };
  }
}

/** What is refused here was refused then. */
function answered(run: () => void): void {
  try {
    run();
  } catch (error) {
    if (!isFault(error)) throw error;
  }
}

const deaf = { wake() {}, came() {}, went() {}, stopped() {} };

function timeless(): Env {
  return {
    clock: { now: () => 0, monotonic: () => 0, after: () => () => {}, soon() {} },
    random: { next: () => 0, fill: (bytes) => bytes },
    log: silentLog,
  };
}

/**
 * All that a shard is between two ticks, as data: taken by shard.ts, written as bytes by state-codec.ts, kept in the
 * database (checkpoint-table.ts) and in recordings, and what a shard begins with that goes on. [T7]
 */
import type { Json } from '../../src/base/json.ts';
import type { Viewer } from '../../src/policy/viewer.ts';
import type { Player } from '../core/player.ts';
import type { WorldCopy } from '../core/world-copy.ts';
import type { PastCopy } from './history.ts';

export interface ShardState {
  /** Of the definition. */
  readonly name: string;
  readonly hash: string;
  readonly id: string;
  readonly seed: string;
  readonly params: Json;
  /** The log's last batch whose entries are part of this; see journal.ts. */
  readonly batch: number;
  /** How many seats were ever taken. */
  readonly seatsTaken: number;
  /** In order of their coming. */
  readonly seats: readonly SeatState[];
  readonly world: WorldCopy;
  /** What a rewind may look at, where there is a log behind this state that does. */
  readonly past: PastCopy | undefined;
}

/** A seat without its player. */
export interface SeatState {
  /** Counts the seats of a shard from 1; never used again. */
  readonly number: number;
  readonly entityId: number;
  readonly who: SeatOwner;
  /** What he saw last; see sighting.ts. */
  readonly sighting: readonly [lag: number, seen: number];
  readonly eye?: Player['eye'];
}

/** Who sits there. */
export interface SeatOwner {
  readonly clientId: string;
  readonly viewer: Viewer;
  /** The data of the ticket that he came with. */
  readonly ticket?: Json | undefined;
}

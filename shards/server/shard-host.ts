/**
 * Where shards run: on the main thread (inline-host.ts) or in worker threads (thread-host.ts). The directory
 * begins them through a ShardHost, shard-channel.ts brings players to them; neither knows which host it is.
 * test/contract/shard-hosts.test.ts holds both to the same answers.
 */
import type { Fault } from '../../src/base/fault.ts';
import type { Json } from '../../src/base/json.ts';
import type { Channel, ChannelHandler } from '../../src/plugin/channel.ts';
import type { Session } from '../../src/plugin/session.ts';
import type { Components } from '../core/component.ts';
import type { AnyShardDef } from '../core/define-shard.ts';
import type { Player } from '../core/player.ts';
import type { Events, World } from '../core/world.ts';
import type { ThreadCounts } from './counts.ts';
import type { LogBatch } from './journal.ts';

/** What a shard begins with. */
export interface Begin {
  readonly id: string;
  /** Parsed by the definition's shape. */
  readonly params: unknown;
  readonly seed: string;
  /** It never stops for being empty. */
  readonly pinned: boolean;
  /** It goes on from here instead: bytes of state-codec.ts. Those who sat in it may come back within the grace time. */
  readonly saved?: Uint8Array;
}

/** A shard between two ticks. */
export interface SavedShard {
  /** Of state-codec.ts. */
  readonly bytes: Uint8Array;
  readonly tick: number;
  /** The last batch of the log that is part of it. */
  readonly batch: number;
}

/** How somebody comes. */
export interface Entry {
  /** He may return to a seat that is kept for him, and take no other. */
  readonly returning: boolean;
  /** He takes no seat, and looks. */
  readonly spectates?: boolean;
  /** The data of his ticket. */
  readonly ticket?: Json | undefined;
}

/** For who comes without more ado. */
export const PLAIN_ENTRY: Entry = { returning: false };

export interface HostedShard {
  readonly def: AnyShardDef;
  readonly id: string;
  readonly params: unknown;
  readonly running: boolean;
  /** Throws Fault `unsupported` when the shard runs in another thread. */
  readonly world: World<Components, Events>;
  /** Those who are here or whose seat is kept. */
  readonly players: readonly Player[];
  /**
   * Takes a seat, or looks. Throws Fault `overloaded`, `unavailable`, `forbidden` when he returns and none is kept for him, or
   * what the definition's `join` refuses with.
   */
  join(channel: Channel, entry?: Entry): Promise<PlayerHandler>;
  /**
   * Has the definition's `answer` answer, between two ticks. Throws what that refuses with, Fault `invalid` when
   * there is none, `unavailable` when the shard stops, `overloaded` when too many wait.
   */
  ask(question: Json): Promise<Json>;
  /** An event-driven shard computes a tick soon. */
  wake(): void;
  /** Its state between two ticks. Rejects with Fault `unavailable` when it stops meanwhile. */
  save(): Promise<SavedShard>;
  /**
   * From now on `logged` is given what happens, and the hash of the world every so many ticks; 0: it is given nothing
   * any more. What is saved after this call has come has all later batches behind it. Used by log-taps.ts alone.
   */
  log(hashTicks: number, logged: (batch: LogBatch) => void): void;
  /** Ends the shard; its players are told. Stopping twice does nothing. */
  stop(fault?: Fault): void;
}

/** A player's channel, and what else happens to him. */
export interface PlayerHandler extends ChannelHandler {
  /** His entity; 0 without one. */
  readonly entity: number;
  /** His roles or his name changed. */
  identify(viewer: Session['viewer']): void;
  /** He may not stay: his seat is free at once. The channel is closed by the caller. */
  evict(): void;
}

export interface ShardHost {
  /** Rejects when shards cannot run here. */
  start(): Promise<void>;
  /**
   * Begins a shard. Inline, what its `start` throws comes out as Fault `internal`; in a thread the shard stops
   * a moment later. `stopped` is called once, with the fault when the shard failed.
   */
  begin(def: AnyShardDef, begin: Begin, stopped: (fault: Fault | undefined) => void): HostedShard;
  /** One for each thread, and one for those that have ended. */
  counts(): ThreadCounts[];
  /** Ends all shards. */
  close(): Promise<void>;
}

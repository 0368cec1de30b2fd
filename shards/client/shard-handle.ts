/** What `joinShard` returns: a player's hold on a shard. Safe to keep over reconnects, until `leave`. */
import type { Cancel } from '../../src/base/env.ts';
import type { Fault } from '../../src/base/fault.ts';
import type { Frozen } from '../core/component.ts';
import type { EntityOf, EventsOf, InputOf, MessageOf, ParamsOf } from '../core/define-shard.ts';
import type { Destination, Reject } from '../core/frames.ts';

/**
 *   joining --opened--> playing --lost--> rejoining --opened--> playing
 *   any --refused or ended, may be tried again--> waiting --time--> joining
 *   any --refused or ended for good--> closed        any --leave()--> left (terminal)
 *   playing, rejoining or closed as unauthorized --the session is another user's--> joining
 */
export type ShardState =
  | { readonly name: 'joining' }
  /** `entity` is the player's own, 0 for a spectator. */
  | { readonly name: 'playing'; readonly entity: number }
  /** The connection is lost; the last known entities can still be drawn. */
  | { readonly name: 'rejoining' }
  | { readonly name: 'waiting'; readonly fault: Fault; readonly attempt: number; readonly cancel: Cancel }
  | { readonly name: 'closed'; readonly fault: Fault }
  | { readonly name: 'left' };

/** Read-only all the way down: what is drawn is not written. */
export type Shown<T> = Frozen<T>;
export type EntityView<D> = Shown<EntityOf<D>>;

export interface ShardClock {
  /** The newest tick received. */
  readonly tick: number;
  /** The tick whose frame would arrive now, with fractions. */
  readonly serverTick: number;
  /** The tick that `entities` shows, with fractions. */
  readonly playhead: number;
  /** The last tick whose input is sent. */
  readonly predictedTick: number;
  /** The tick that the player's own entity shows, with fractions. */
  readonly ownPlayhead: number;
  readonly tickRate: number;
}

export interface ShardStats {
  readonly bytesPerSecond: number;
  /** Since the join. */
  readonly frames: number;
  /** Snapshots whose own entity was not as predicted. */
  readonly mispredictions: number;
  /** Inputs and messages that the server refused. */
  readonly rejected: number;
  readonly tick: number;
  readonly interpolationDelayMs: number;
  /** How late nearly all frames are at most, beside the soonest. */
  readonly jitterMs: number;
  /** Inputs that wait at the server for their tick, in nearly all frames; below 0 they come too late. */
  readonly inputDepth: number;
  /** Bytes of the last frame. */
  readonly frameBytes: number;
  /**
   * Bytes that each component has taken since the connection was last made, without texts, which are sent once. Summed
   * up when it is called.
   */
  componentBytes(): Readonly<Record<string, number>>;
}

export interface ShardHandle<D> {
  readonly state: ShardState;
  /** The server's params of this shard; undefined until joined. */
  readonly params: ParamsOf<D> | undefined;
  /**
   * All entities in order of ids: the others interpolated, the own one predicted. Reading it moves them to
   * this moment and allocates nothing; the objects stay the same while their entities are there.
   */
  readonly entities: readonly EntityView<D>[];
  /** The own one of `entities`, when it is there. */
  readonly me: EntityView<D> | undefined;
  readonly clock: ShardClock;
  /** Milliseconds from an input to the first frame that knows of it. Event-driven: of the last that was measured. */
  readonly rtt: number;
  readonly stats: ShardStats;
  /**
   * What the player does from now on; fields left out stay. Sent with every tick until the next call; true.
   * In an event-driven shard it is one thing that he does, sent once: fields left out have their initial
   * values, and false says that it could not be taken: not joined now, or too many of his inputs wait.
   */
  send(input: Partial<InputOf<D>>): boolean;
  /** False when it could not be sent now. Throws Fault `invalid` or `too_large`. */
  message(data: MessageOf<D>): boolean;
  onEvent<K extends keyof EventsOf<D>>(
    event: K,
    listener: (data: EventsOf<D>[K], tick: number) => void,
  ): Cancel;
  onState(listener: (state: ShardState) => void): Cancel;
  /** The server refused an input (its tick) or a message (0). */
  onReject(listener: (reject: Reject, inputTick: number) => void): Cancel;
  /**
   * The server sends the player on to a shard of another kind: join that with `joinShard(engine, def, to)`; the seat
   * here is his until he has taken the other. To one of the same kind the handle goes by itself.
   */
  onTransfer(listener: (to: Destination) => void): Cancel;
  /**
   * A frame came, and none was told of for `everyMs`; for what looks at the shard now and then. Drawing loops
   * just read.
   */
  onFrame(listener: () => void, everyMs?: number): Cancel;
  /** Gives the seat up. Leaving twice does nothing. */
  leave(): void;
}

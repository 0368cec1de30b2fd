/**
 * One stay in a shard, from `opened` until the connection is lost, as join-shard.ts holds it: play.ts for
 * shards that tick, event-play.ts for those that are driven by events.
 */
import type { Reader } from '../../src/base/bytes.ts';
import { type Infer, s } from '../../src/base/shape.ts';
import type { Components, Values } from '../core/component.ts';
import type { Row } from '../core/record-type.ts';

/** The server's answer to `open`. */
export const shardInfo = s.object({
  shard: s.string(64),
  /** The player's own entity; 0 for a spectator. */
  entity: s.int(0),
  /** 0: event-driven. */
  tickRate: s.int(0),
  snapshotEvery: s.int(1),
  tick: s.int(0),
  params: s.json(),
  seed: s.string(64),
  hash: s.string(64),
  /** He looks, and does not play. */
  spectates: s.optional(s.bool()),
});
export type ShardInfo = Infer<typeof shardInfo>;

export interface Stay {
  readonly info: ShardInfo;
  /** Frames received. */
  readonly frames: number;
  /** The newest tick received; 0 before the first frame. */
  readonly tick: number;
  readonly serverTick: number;
  readonly playhead: number;
  readonly predictedTick: number;
  readonly ownPlayhead: number;
  readonly delayMs: number;
  readonly jitterMs: number;
  readonly inputDepth: number;
  readonly rttMs: number;
  readonly mispredictions: number;
  componentBytes(): Record<string, number>;
  readonly entities: readonly Row<Components>[];
  readonly me: Row<Components> | undefined;
  /** What the player does from now on; event-driven: one thing that he does. False: it is not taken now. */
  input(input: Partial<Values<Components>>): boolean;
  /** A frame came. Throws Fault `bad_message`. */
  frame(reader: Reader): void;
  /** The server has spawned this as the `nth` in the player's own step of `tick`. */
  spawned(tick: number, nth: number, id: number): void;
  /** Whether an event of the player's own step in `tick` has been told here already. */
  wasTold(event: string, tick: number): boolean;
  close(): void;
}

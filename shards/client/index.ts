/** `ternion/shards/client`: join a shard from a browser. */
export type { Reject } from '../core/frames.ts';
export type { Invitation } from '../core/match-frame.ts';
export { type JoinOptions, joinShard } from './join-shard.ts';
export { findMatch, type MatchSearch, type MatchState, type MatchWish } from './match.ts';
export type { EntityView, ShardClock, ShardHandle, ShardState, ShardStats, Shown } from './shard-handle.ts';

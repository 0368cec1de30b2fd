/** `ternion/shards/client`: join a shard from a browser. */
export type { Reject } from '../core/frames.ts';
export { type JoinOptions, joinShard } from './join-shard.ts';
export type { PlaySettings } from './play-settings.ts';
export type { EntityView, ShardClock, ShardHandle, ShardState, ShardStats, Shown } from './shard-handle.ts';

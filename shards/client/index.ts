/** `ternion/shards/client`: join a shard from a browser. */
export type { Destination, Reject } from '../core/frames.ts';
export type { LobbyEntry } from '../core/lobby-frame.ts';
export type { Invitation } from '../core/match-frame.ts';
export type { JoinOptions } from './join-options.ts';
export { joinShard } from './join-shard.ts';
export { type LobbyView, watchLobby } from './lobby.ts';
export { findMatch, type MatchSearch, type MatchState, type MatchWish } from './match.ts';
export type { PlaySettings } from './play-settings.ts';
export type { EntityView, ShardClock, ShardHandle, ShardState, ShardStats, Shown } from './shard-handle.ts';
export { showOverlay } from './show-overlay.ts';

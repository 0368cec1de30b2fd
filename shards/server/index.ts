/** `ternion/shards/server`: the plugin that runs shards on Node. */
export type { Directory } from './directory.ts';
export type { LobbyOptions } from './lobby-options.ts';
export {
  type Candidate,
  type Enters,
  type MatchedPlayer,
  type Matchmaker,
  type MatchmakerSpec,
  matchmaker,
} from './matchmaker.ts';
export { DEFAULT_SHARDS_OPTIONS, type PinnedShard, type ShardsOptions } from './options.ts';
export { type ShardsPlugin, shards } from './plugin.ts';
export type { NamedShard, ServerShards } from './server-shards.ts';
export type { ShardPlace, ShardRef } from './shard-ref.ts';
export type { TicketWish } from './ticket-book.ts';

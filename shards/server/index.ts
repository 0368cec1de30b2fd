/** `ternion/shards/server`: the plugin that runs shards on Node. */
export { type CheckpointOptions, DEFAULT_CHECKPOINT } from './checkpoint-options.ts';
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
export type { RecordOptions } from './recorder.ts';
export { DEFAULT_RECORDING, type Recording, type RecordingOptions } from './recording.ts';
export { type ReplayReport, replayRecording } from './replay-recording.ts';
export type { NamedShard, ServerShards } from './server-shards.ts';
export type { ShardPlace, ShardRef } from './shard-ref.ts';
export type { TicketWish } from './ticket-book.ts';

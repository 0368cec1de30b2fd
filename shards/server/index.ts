/** `ternion/shards/server`: the plugin that runs shards on Node. */
export type { Directory, ShardRef } from './directory.ts';
export { DEFAULT_SHARDS_OPTIONS, type PinnedShard, type ShardsOptions } from './options.ts';
export { type ShardsPlugin, shards } from './plugin.ts';
export type { NamedShard, ServerShards } from './server-shards.ts';
export type { TicketWish } from './ticket-book.ts';

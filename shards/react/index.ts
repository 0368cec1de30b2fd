/** `ternion/shards/react` */
export { useJoinShard } from './use-join-shard.ts';
export { useShard } from './use-shard.ts';

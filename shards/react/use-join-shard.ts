/** Joins a shard for as long as a component is there. */
import { useEffect, useState } from 'react';
import type { EngineHost } from '../../src/client/channel.ts';
import { joinShard } from '../client/join-shard.ts';
import type { ShardHandle } from '../client/shard-handle.ts';
import type { AnyShardDef } from '../core/define-shard.ts';

/** Null until the component is mounted; joins again when engine, definition or id change. */
export function useJoinShard<D extends AnyShardDef>(
  host: EngineHost,
  def: D,
  id: string,
): ShardHandle<D> | null {
  const [handle, setHandle] = useState<ShardHandle<D> | null>(null);
  useEffect(() => {
    const joined = joinShard(host, def, { id });
    setHandle(joined);
    return () => {
      joined.leave();
      setHandle(null);
    };
  }, [host, def, id]);
  return handle;
}

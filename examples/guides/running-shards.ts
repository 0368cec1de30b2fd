/** The code of docs/guides/running-shards.md. */
import { defineSchema } from 'ternion';
import { auth } from 'ternion/auth';
import { defineApp } from 'ternion/server';
import type { ShardHandle } from 'ternion/shards/client';
import { shards } from 'ternion/shards/server';
import { arena, table } from './running-shards-defs.ts';

const schema = defineSchema({ entities: [] });

export const worlds = shards(
  { arena, table },
  {
    start: [{ shard: 'arena', id: 'main' }],
    threads: 2,
    module: new URL('./running-shards-defs.ts', import.meta.url),
  },
);

export const app = defineApp({ schema, plugins: [auth(), worlds] });

export async function countOf(id: string): Promise<unknown> {
  const shard = worlds.directory.find(arena, id);
  return shard ? await shard.ask('count') : 0;
}

export function draw(handle: ShardHandle<typeof table>): boolean {
  const taken = handle.send({ draw: 1 });
  return taken;
}

/** The server of the shard benchmarks, as a process of its own: one shard, and a record of when its ticks ran. */
import { defineSchema } from 'ternion';
import { auth } from 'ternion/auth';
import { defineApp } from 'ternion/server';
import type { WorldOf } from 'ternion/shards';
import { shards } from 'ternion/shards/server';
import { type ArenaOptions, arena } from './arena.ts';
import { benchServer } from './bench-server.ts';
import { pin } from './pin.ts';
import { serve, serveOptions } from './serve.ts';
import { TickTimes } from './tick-times.ts';

pin('server');
const def = arena(serveOptions<ArenaOptions>());
const times = new TickTimes(1000 / def.tickRate);
const watched = {
  ...def,
  tick(world: WorldOf<typeof def>, dt: number) {
    times.add(world.tick);
    def.tick?.(world, dt);
  },
};
const plugins = [auth(), shards({ arena: watched }, { start: [{ shard: 'arena', id: 'one' }] })];
const { server, close } = await benchServer(defineApp({ schema: defineSchema({ entities: [] }), plugins }));
serve(server.url, close, () => {
  const { heapUsed, external } = process.memoryUsage();
  return { ...times.take(), heldBytes: heapUsed + external };
});

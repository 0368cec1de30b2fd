/**
 * Shards: bytes and CPU per player and tick when everybody sees everybody, whole-state snapshots, inputs
 * included. CPU is that of the server's process, all of it; the load runs in a second one.
 */
import { defineSchema } from 'ternion';
import { auth } from 'ternion/auth';
import { defineApp } from 'ternion/server';
import { shards } from 'ternion/shards/server';
import { arena } from './arena.ts';
import { benchServer } from './bench-server.ts';
import type { Workload } from './figure.ts';
import { runLoad } from './load.ts';

const SECONDS = 4;

interface LoadResult {
  /** Bytes of frames per player and frame. */
  bytes: number;
  /** Frames per player and second. */
  rate: number;
}

function players(count: number): Workload {
  const name = (what: string) => `shards.${what}.${count}`;
  const units = {
    [name('bytes-per-player')]: 'B/tick',
    [name('bytes-per-entity')]: 'B/tick',
    [name('cpu-per-player')]: 'us/tick',
    [name('rate')]: 'Hz',
  };
  const run = async () => {
    const plugins = [auth(), shards({ arena }, { start: [{ shard: 'arena', id: 'one' }] })];
    const { server, close } = await benchServer(
      defineApp({ schema: defineSchema({ entities: [] }), plugins }),
    );
    let cpu = { user: 0, system: 0 };
    let startedAt = 0;
    const load = runLoad<LoadResult>('players', { url: server.url, count, seconds: SECONDS }, () => {
      cpu = process.cpuUsage();
      startedAt = performance.now();
    });
    const { bytes, rate } = await load;
    const used = process.cpuUsage(cpu);
    const ticks = ((performance.now() - startedAt) / 1000) * rate;
    await close();
    return {
      [name('bytes-per-player')]: bytes,
      [name('bytes-per-entity')]: bytes / count,
      [name('cpu-per-player')]: (used.user + used.system) / (ticks * count),
      [name('rate')]: rate,
    };
  };
  return { units, run };
}

export const shardsWorkloads: Record<string, () => Workload> = {
  'shards.100': () => players(100),
  'shards.500': () => players(500),
};

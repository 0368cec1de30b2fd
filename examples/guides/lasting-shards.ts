/** The code of docs/guides/lasting-shards.md, type-checked. */
import { defineSchema } from 'ternion';
import { createSyncEngine } from 'ternion/client';
import { defineApp } from 'ternion/server';
import { shards } from 'ternion/shards/server';
import { village } from './lasting-shards-defs.ts';

const schema = defineSchema({ entities: [], policies: [] });

export const worlds = shards(
  { village },
  {
    start: [{ shard: 'village', id: 'home' }],
    graceMs: 60_000,
    checkpoint: { everyMs: 5000, inputLog: true },
  },
);
export const app = defineApp({ schema, plugins: [worlds] });

export async function festival(): Promise<void> {
  const home = worlds.directory.find(village, 'home');
  await home?.ask('festival');
}

export async function flood(): Promise<void> {
  const home = worlds.directory.find(village, 'home');
  if (home) for (const villager of home.world.entities) villager.wood = 0;
  await worlds.directory.checkpoint(village, 'home');
}

export async function recordAnHour(): Promise<string> {
  const recording = await worlds.directory.record(village, 'home', {
    path: 'home.recording',
    maxBytes: 256 << 20,
    hashTicks: 1,
  });
  setTimeout(() => void recording.stop(), 3_600_000);
  return recording.path;
}

export const recorded = shards({ village }, { record: { folder: 'recordings', files: 50 } });

export function engineOfAGame(url: string) {
  return createSyncEngine(url, { reconnectDelay: 200, maxReconnectDelay: 1000 });
}

/** A client of the system that a load is told to measure; peers are loaded only where they are installed. */
import type { SyncClient, SyncClientOptions } from './sync-client.ts';
import { openTernion } from './ternion-client.ts';

export type SystemName = 'ternion' | 'zero';

export async function openSystem(system: SystemName, options: SyncClientOptions): Promise<SyncClient> {
  if (system === 'ternion') return openTernion(options);
  // Not by a literal: the types of a peer are not there where it is not installed.
  const file: string = new URL('./peers/zero/client.js', import.meta.url).href;
  const { openZero }: { openZero(options: SyncClientOptions): Promise<SyncClient> } = await import(file);
  return openZero(options);
}

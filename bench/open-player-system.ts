/** The PlayerSystem of a name; a peer is loaded only where it is installed. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ArenaOptions } from './arena.ts';
import type { PlayerSystem, PlayerSystemName } from './player-system.ts';
import { ternionPlayers } from './ternion-players.ts';

const FOLDER = join(import.meta.dirname, 'peers/colyseus');
export const colyseusServerFile: string = join(FOLDER, 'server.js');

export function colyseusInstalled(): boolean {
  return existsSync(join(FOLDER, 'node_modules'));
}

export async function openPlayerSystem(
  name: PlayerSystemName,
  url: string,
  options: ArenaOptions,
): Promise<PlayerSystem> {
  if (name === 'ternion') return ternionPlayers(url, options);
  // Not by a literal: the types of a peer are not there where it is not installed.
  const peer: { openPeer(url: string, options: ArenaOptions): PlayerSystem } = await import(
    join(FOLDER, 'client.js')
  );
  return peer.openPeer(url, options);
}

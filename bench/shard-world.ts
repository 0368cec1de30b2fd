/** Worlds of the size that a benchmark asks for. */
import type { ArenaOptions } from './arena.ts';

/** Entities that a player sees in all worlds but those where all see all. */
const VISIBLE = 80;
/** Square metres that a player sees. */
const VIEW_AREA = 37 * 32 * 32;

/** `near`: each player sees about 80. */
export function worldOf(players: number, seen: 'near' | 'all' = 'near', walkers = 0): ArenaOptions {
  const half = seen === 'all' ? 48 : Math.round(Math.sqrt(((players + walkers) / VISIBLE) * VIEW_AREA) / 2);
  return { half, players, walkers };
}

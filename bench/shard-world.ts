/** Worlds of the size that a benchmark asks for. */
import type { ArenaOptions } from './arena.ts';

/** Entities that a player sees on average, in all worlds but those where all see all. */
const VISIBLE = 80;
/** Side of the square that a player sees, in metres: seven cells of 32. */
const VIEW = 7 * 32;
/** A square where all see all. */
const SMALL = 48;

/** `near`: a player sees about 80, those at the edges, who see less, included. */
export function worldOf(players: number, seen: 'near' | 'all' = 'near', walkers = 0): ArenaOptions {
  if (seen === 'all') return { half: SMALL, players, walkers, open: true };
  return { half: halfFor(players + walkers), players, walkers };
}

function halfFor(entities: number): number {
  // Along an axis, a view that is cut off at the edges holds 1 - VIEW / 4 side of what it would hold.
  const visible = (side: number) => entities * ((VIEW / side) * (1 - VIEW / (4 * side))) ** 2;
  let side = VIEW;
  while (visible(side) > VISIBLE) side += 1;
  return Math.round(side / 2);
}

/**
 * Puts parties into teams: which sizes fill all teams exactly, and who goes where so that the teams are about equally
 * strong. Pure; used by match-pool.ts. [T11] A party is in one team, and a team is full.
 */
import type { Teams, Waiting } from './match-rules.ts';

/** Steps after which a packing counts as impossible: it may be one for large teams of odd parties. */
const MAX_STEPS = 20_000;

/** The sizes of the parties in each team. */
export type Packing = readonly (readonly number[])[];

/** Remembers what it found: passes ask the same again and again. */
export class Packer {
  readonly #teams: Teams;
  readonly #known = new Map<string, Packing | null>();

  constructor(teams: Teams) {
    this.#teams = teams;
  }

  /** More parties of this size than all teams can hold are of no use. */
  most(size: number): number {
    return Math.floor(this.#teams.size / size) * this.#teams.count;
  }

  /** `counts` by size: how many parties there are, `most` at most. The first team has one of `first`. */
  pack(counts: readonly number[], first: number): Packing | null {
    const key = `${first}/${counts.join()}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    if (this.#known.size >= 10_000) this.#known.clear();
    const found = search([...counts], first, this.#teams);
    this.#known.set(key, found);
    return found;
  }
}

function search(counts: number[], first: number, { count, size }: Teams): Packing | null {
  if (!counts[first]) return null;
  const packing: number[][] = [[first]];
  counts[first]!--;
  let steps = 0;
  // The larger ones first: what is left over is easier to fill with small ones.
  const fill = (left: number, largest: number): boolean => {
    if (++steps > MAX_STEPS) return false;
    if (left === 0) {
      if (packing.length === count) return true;
      packing.push([]);
      if (fill(size, size)) return true;
      packing.pop();
      return false;
    }
    for (let of = Math.min(left, largest); of >= 1; of--) {
      if (!counts[of]) continue;
      counts[of]!--;
      packing.at(-1)!.push(of);
      if (fill(left - of, of)) return true;
      packing.at(-1)!.pop();
      counts[of]!++;
    }
    return false;
  };
  return fill(size - first, size) ? packing : null;
}

/**
 * Takes the first of each size that the packing needs and deals them to the teams: the stronger ones to the weaker
 * team, and then exchanges parties of one size while that brings two teams closer.
 */
export function deal(packing: Packing, parties: readonly Waiting[]): Waiting[][] {
  const teams: Waiting[][] = packing.map(() => []);
  const sums = packing.map(() => 0);
  const sizes = [...new Set(packing.flat())].sort((a, b) => b - a);
  for (const size of sizes) {
    const slots = packing.map((team) => team.filter((of) => of === size).length);
    const needed = slots.reduce((sum, n) => sum + n, 0);
    const chosen = parties.filter((party) => party.size === size).slice(0, needed);
    for (const party of chosen.sort((a, b) => b.rating - a.rating)) {
      let to = -1;
      for (const [team, free] of slots.entries())
        if (free > 0 && (to === -1 || sums[team]! < sums[to]!)) to = team;
      slots[to]!--;
      teams[to]!.push(party);
      sums[to]! += party.rating * size;
    }
  }
  while (exchange(teams, sums));
  return teams;
}

/** One exchange that brings two teams closer; false when there is none. */
function exchange(teams: Waiting[][], sums: number[]): boolean {
  for (let a = 0; a < teams.length; a++) {
    for (let b = a + 1; b < teams.length; b++) {
      const apart = sums[a]! - sums[b]!;
      for (const [i, one] of teams[a]!.entries()) {
        for (const [j, other] of teams[b]!.entries()) {
          if (one.size !== other.size) continue;
          const moved = (one.rating - other.rating) * one.size;
          if (Math.abs(apart - 2 * moved) >= Math.abs(apart) - 1e-6) continue;
          teams[a]![i] = other;
          teams[b]![j] = one;
          sums[a]! -= moved;
          sums[b]! += moved;
          return true;
        }
      }
    }
  }
  return false;
}

/** A seeded sequence, so that the scenery is the same on every page. mulberry32 (T. Ettinger, public domain). */
export type Chance = (min?: number, max?: number) => number;

export function chance(seed: number): Chance {
  let state = seed >>> 0;
  return (min = 0, max = 1) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return min + (((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296) * (max - min);
  };
}

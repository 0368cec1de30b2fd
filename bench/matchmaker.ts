/**
 * One pass of a matchmaker over 10,000 who wait, alone and in parties, with rating windows of all widths: duels, and
 * two teams of five with parties. The matches found are checked, so that no pass is fast because it finds nothing.
 */
import { MatchPool } from '../shards/server/match-pool.ts';
import type { MatchRules, Waiting } from '../shards/server/match-rules.ts';
import { SimRandom } from '../src/testing/sim-random.ts';
import type { Workload } from './figure.ts';

const COUNT = 10_000;
const NOW = 1_000_000;
const rating = { window: 50, widenPerSecond: 5, max: 400 };
const RULES: Record<string, { rules: MatchRules; sizes: readonly number[]; atLeast: number }> = {
  'netcode.matchmaker-10000-ms': {
    rules: { teams: { count: 2, size: 1 }, rating },
    sizes: [1],
    atLeast: 4900,
  },
  'netcode.matchmaker-teams-10000-ms': {
    rules: { teams: { count: 2, size: 5 }, rating },
    sizes: [1, 1, 1, 1, 2, 2, 3, 5],
    atLeast: 1500,
  },
  'netcode.matchmaker-odd-10000-ms': {
    // Parties of three alone fill no team of five: everybody is looked at, nobody plays.
    rules: { teams: { count: 2, size: 5 }, rating },
    sizes: [3],
    atLeast: 0,
  },
  'netcode.matchmaker-far-10000-ms': {
    // Too few near anybody, after some looking.
    rules: { teams: { count: 2, size: 50 }, rating: { window: 5, widenPerSecond: 0.1, max: 8 } },
    sizes: [1],
    atLeast: 0,
  },
};

function waiting(sizes: readonly number[]): Waiting[] {
  const random = new SimRandom(7);
  const about = () => 1500 + 300 * (random.next() + random.next() + random.next() + random.next() - 2);
  return Array.from({ length: COUNT }, (_, id) => ({
    id,
    size: sizes[id % sizes.length]!,
    rating: about(),
    key: '',
    sinceMs: NOW - ((COUNT - id) * 60_000) / COUNT,
  }));
}

function passes(): Workload {
  return {
    units: Object.fromEntries(Object.keys(RULES).map((name) => [name, 'ms'])),
    async run() {
      const sample: Record<string, number> = {};
      for (const [name, { rules, sizes, atLeast }] of Object.entries(RULES)) {
        const pool = new MatchPool(rules);
        for (const one of waiting(sizes)) pool.add(one);
        const begin = performance.now();
        let found = 0;
        for (const match of pool.pass(NOW)) if (match) found++;
        sample[name] = performance.now() - begin;
        if (found < atLeast) throw new Error(`${name}: ${found} matches`);
      }
      return sample;
    },
  };
}

export const matchmakerWorkloads = { 'netcode.matchmaker': passes };

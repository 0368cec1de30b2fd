import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MatchPool } from './match-pool.ts';
import { type Found, type MatchRules, type Opening, type Waiting, windowOf } from './match-rules.ts';

const NOW = 100_000;
const rating = { window: 50, widenPerSecond: 10, max: 400 };
const duel: MatchRules = { teams: { count: 2, size: 1 }, rating };

const poolOf = (rules: MatchRules, waiting: readonly Waiting[]) => {
  const pool = new MatchPool(rules);
  for (const one of waiting) pool.add(one);
  return pool;
};
const passOf = (pool: MatchPool, openings: readonly Opening[] = []) =>
  [...pool.pass(NOW, openings)].filter((found) => found !== undefined);
const playersOf = (found: readonly Found[]) =>
  found.flatMap((one) => (one.kind === 'match' ? one.teams.flat() : [one.waiting]));
const one = (id: number, at: number, waitedMs = 0, more: Partial<Waiting> = {}): Waiting => ({
  id,
  size: 1,
  rating: at,
  key: '',
  sinceMs: NOW - waitedMs,
  ...more,
});

/** Of the longest waiting first, as they come. */
const crowd = (maxSize: number, maxCount: number) =>
  fc
    .array(
      fc.record({
        rating: fc.integer({ min: 0, max: 1000 }),
        size: fc.integer({ min: 1, max: maxSize }),
        key: fc.constantFrom('a', 'a', 'a', 'b'),
        waitedMs: fc.integer({ min: 0, max: 60_000 }),
      }),
      { maxLength: maxCount },
    )
    .map((list) =>
      list
        .sort((a, b) => b.waitedMs - a.waitedMs)
        .map((each, id) => one(id, each.rating, each.waitedMs, { size: each.size, key: each.key })),
    );
const shapes = fc.constantFrom(
  { count: 2, size: 1 },
  { count: 2, size: 2 },
  { count: 2, size: 5 },
  { count: 4, size: 1 },
  { count: 3, size: 3 },
);

/** Every two who play together, and their windows. */
function withinWindows(rules: MatchRules, together: readonly Waiting[]): boolean {
  return together.every((a) =>
    together.every((b) => a.key === b.key && Math.abs(a.rating - b.rating) <= windowOf(rules, a, NOW)),
  );
}

test('[T11] nobody is in two matches, teams are full, parties whole, windows respected by both', () => {
  fc.assert(
    fc.property(shapes, crowd(5, 60), (teams, all) => {
      const rules = { teams, rating };
      const waiting = all.filter(({ size }) => size <= teams.size);
      const found = passOf(poolOf(rules, waiting));
      const ids = playersOf(found).map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
      for (const match of found) {
        if (match.kind !== 'match') throw new Error('there is nothing to join');
        expect(match.teams).toHaveLength(teams.count);
        for (const team of match.teams)
          expect(team.reduce((sum, { size }) => sum + size, 0)).toBe(teams.size);
        for (const party of match.teams.flat()) expect(waiting).toContain(party);
        expect(withinWindows(rules, match.teams.flat())).toBe(true);
      }
    }),
    { numRuns: 300 },
  );
});

test('[T11] in duels no two are left who could play, and the longest waiting is not passed over', () => {
  fc.assert(
    fc.property(crowd(1, 60), (waiting) => {
      const found = passOf(poolOf(duel, waiting));
      const playing = new Set(playersOf(found));
      const left = waiting.filter((each) => !playing.has(each));
      for (const a of left)
        for (const b of left) if (a !== b) expect(withinWindows(duel, [a, b])).toBe(false);
      const eldest = waiting.find((a) => waiting.some((b) => a !== b && withinWindows(duel, [a, b])));
      if (eldest) expect(playing.has(eldest)).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test('[T11] among equals those who wait longest play', () => {
  fc.assert(
    fc.property(shapes, fc.integer({ min: 0, max: 40 }), (teams, count) => {
      const waiting = Array.from({ length: count }, (_, id) => one(id, 500, (count - id) * 10));
      const found = passOf(poolOf({ teams, rating }, waiting));
      const playing = playersOf(found)
        .map(({ id }) => id)
        .sort((a, b) => a - b);
      const needed = teams.count * teams.size;
      expect(playing).toEqual(Array.from({ length: Math.floor(count / needed) * needed }, (_, id) => id));
    }),
  );
});

test('[T11] teams are about equally strong: no exchange of two parties of one size would bring them closer', () => {
  const teams = { count: 2, size: 4 };
  fc.assert(
    fc.property(crowd(3, 30), (all) => {
      const waiting = all.map((each) => ({ ...each, key: '' }));
      for (const match of passOf(poolOf({ teams }, waiting))) {
        if (match.kind !== 'match') continue;
        const [a, b] = match.teams;
        const sum = (team: readonly Waiting[]) =>
          team.reduce((total, each) => total + each.rating * each.size, 0);
        const apart = sum(a!) - sum(b!);
        for (const x of a!) {
          for (const y of b!) {
            if (x.size !== y.size) continue;
            const after = apart - 2 * (x.rating - y.rating) * x.size;
            expect(Math.abs(after)).toBeGreaterThanOrEqual(Math.abs(apart) - 1e-3);
          }
        }
      }
    }),
  );
});

test('[T11] a window widens with the time that one has waited, and both must allow the other', () => {
  const apart = (waitedA: number, waitedB: number) =>
    passOf(poolOf(duel, [one(1, 0, waitedA), one(2, 100, waitedB)])).length;
  expect(apart(4999, 0)).toBe(0);
  expect(apart(5000, 0)).toBe(0);
  expect(apart(5000, 5000)).toBe(1);
  expect(apart(5000, 4999)).toBe(0);
  const far = (by: number) => passOf(poolOf(duel, [one(1, 0, 90_000), one(2, by, 90_000)])).length;
  expect([far(400), far(401)]).toEqual([1, 0]);
});

test('[T11] newcomers with narrow windows do not keep one with a wide window from playing', () => {
  const teams = { count: 2, size: 2 };
  const newcomers = [10, 11].map((id) => one(id, 500 + id, 0));
  const patient = [1, 2, 3].map((id) => one(id, 650 + id, 40_000));
  const found = passOf(poolOf({ teams, rating }, [one(0, 500, 40_000), ...patient, ...newcomers]));
  expect(
    playersOf(found)
      .map(({ id }) => id)
      .sort(),
  ).toEqual([0, 1, 2, 3]);
});

test('[T11] those with different keys never meet', () => {
  expect(
    passOf(poolOf({ teams: duel.teams }, [one(1, 0, 0, { key: 'eu' }), one(2, 0, 0, { key: 'us' })])),
  ).toEqual([]);
});

test('[T11] free seats of running matches go to those who wait longest and fit', () => {
  const teams = { count: 2, size: 3 };
  const opening: Opening = { id: 'm', key: '', rating: 500, free: [0, 2] };
  const waiting = [
    one(1, 900, 3000),
    one(2, 100, 2000, { size: 3 }),
    one(3, 520, 1000, { size: 2 }),
    one(4, 510, 500),
  ];
  const found = passOf(poolOf({ teams, rating }, waiting), [opening]);
  expect(found).toEqual([{ kind: 'joins', opening, team: 1, waiting: waiting[2] }]);
  expect(opening.free).toEqual([0, 2]);
});

test('[T11] who leaves in the middle of a pass is in no match that is found later', () => {
  const waiting = Array.from({ length: 200 }, (_, id) => one(id, 500, 200 - id));
  const pool = poolOf(duel, waiting);
  const pass = pool.pass(NOW);
  const found: Found[] = [];
  for (let next = pass.next(); !next.done; next = pass.next()) {
    if (next.value) found.push(next.value);
    else for (let id = 101; id < 200; id += 2) pool.remove(id);
  }
  expect(pool.size).toBe(150);
  expect(playersOf(found).filter(({ id }) => id > 100 && id % 2 === 1)).toEqual([]);
  expect(new Set(playersOf(found)).size).toBe(150);
});

test('[T11] what is found waits until it is removed, and the next pass finds what is left', () => {
  const pool = poolOf(duel, [one(1, 0, 5), one(2, 0, 4), one(3, 0, 3)]);
  expect(playersOf(passOf(pool)).map(({ id }) => id)).toEqual([1, 2]);
  expect(playersOf(passOf(pool)).map(({ id }) => id)).toEqual([1, 2]);
  pool.remove(1);
  pool.remove(1);
  expect(playersOf(passOf(pool)).map(({ id }) => id)).toEqual([2, 3]);
});

test('[T11] parties that cannot fill teams wait, and a pass over many of them ends', () => {
  const trios = Array.from({ length: 300 }, (_, id) => one(id, 500, 300 - id, { size: 3 }));
  expect(passOf(poolOf({ teams: { count: 2, size: 5 }, rating }, trios))).toEqual([]);
  const pairs = Array.from({ length: 4 }, (_, id) => one(1000 + id, 500, 0, { size: 2 }));
  const found = passOf(poolOf({ teams: { count: 2, size: 5 }, rating }, [...trios, ...pairs]));
  expect(found).toHaveLength(2);
});

test('[T11] a party that fills all seats plays by itself', () => {
  const waiting = [one(1, 500, 0, { size: 4 })];
  expect(passOf(poolOf({ teams: { count: 1, size: 4 }, rating }, waiting))).toHaveLength(1);
});

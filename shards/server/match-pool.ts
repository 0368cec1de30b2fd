/**
 * Who waits, and passes over them that find matches. Pure: time comes in as a number, matches go out, and nothing
 * else happens. Driven by match-queue.ts, which takes those who play out of it.
 * [T11] The longest waiting is served first: with those nearest to his rating, as long as every two who play
 * together are within both their windows. Parties stay whole, teams are full, nobody is in two matches of a pass.
 */
import { type Found, type MatchRules, type Opening, type Waiting, windowOf } from './match-rules.ts';
import { deal, Packer } from './match-teams.ts';

/** After so many of those who wait a pass lets its caller breathe. */
const BREATH = 32;
/** How many near ones are looked at for each player that a match needs. */
const LOOKS = 4;
/**
 * Those with a narrow window keep others out. When it does not work with all, those are left out whose window is
 * narrower than this share of the window of him who is served.
 */
const SHARES = [0, 0.25, 0.5];

interface Entry {
  readonly waiting: Waiting;
  /** In the line of its key, in this pass. */
  place: number;
  window: number;
  /** Plays, in this pass. */
  taken: boolean;
  /** Was removed. */
  gone: boolean;
}

/** Those of one key in order of their ratings; who plays is taken out by the links. */
interface Line {
  readonly entries: readonly Entry[];
  readonly next: Int32Array;
  readonly previous: Int32Array;
}

export class MatchPool {
  readonly #rules: MatchRules;
  readonly #packer: Packer;
  /** The longest waiting first. */
  readonly #entries = new Map<number, Entry>();
  /** By key, in order of ratings. */
  readonly #sorted = new Map<string, Entry[]>();

  constructor(rules: MatchRules) {
    this.#rules = rules;
    this.#packer = new Packer(rules.teams);
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Nobody who came before has a later `sinceMs`. */
  add(waiting: Waiting): void {
    const entry: Entry = { waiting, place: -1, window: 0, taken: false, gone: false };
    this.#entries.set(waiting.id, entry);
    const line = this.#sorted.get(waiting.key);
    if (line) line.splice(placeFor(line, waiting.rating), 0, entry);
    else this.#sorted.set(waiting.key, [entry]);
  }

  /** Also in the middle of a pass. Of one who is not there: nothing. */
  remove(id: number): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    entry.gone = true;
    this.#entries.delete(id);
    const { key, rating } = entry.waiting;
    const line = this.#sorted.get(key)!;
    let at = placeFor(line, rating) - 1;
    while (line[at] !== entry) at--;
    line.splice(at, 1);
    if (line.length === 0) this.#sorted.delete(key);
  }

  /**
   * Finds matches among those who wait now. `undefined` is a breath: the caller may do something else, come back
   * later, or give the pass up. Who was found still waits until he is removed.
   */
  *pass(nowMs: number, openings: readonly Opening[] = []): Generator<Found | undefined, void> {
    const lines = new Map<string, Line>();
    for (const [key, sorted] of this.#sorted) lines.set(key, this.#line(sorted, nowMs));
    const open = openings.map((opening) => ({ opening, free: [...opening.free] }));
    let looked = 0;
    for (const entry of [...this.#entries.values()]) {
      if (++looked % BREATH === 0) yield undefined;
      if (entry.gone || entry.taken || entry.place === -1) continue;
      const joined = joining(entry, open);
      const line = lines.get(entry.waiting.key)!;
      if (joined) take(line, entry);
      const found = joined ?? this.#match(line, entry);
      if (found) yield found;
    }
  }

  #line(sorted: readonly Entry[], nowMs: number): Line {
    const entries = sorted.slice();
    const next = new Int32Array(entries.length);
    const previous = new Int32Array(entries.length);
    for (const [place, entry] of entries.entries()) {
      entry.place = place;
      entry.taken = false;
      entry.window = windowOf(this.#rules, entry.waiting, nowMs);
      next[place] = place + 1;
      previous[place] = place - 1;
    }
    return { entries, next, previous };
  }

  #match(line: Line, entry: Entry): Found | undefined {
    for (const share of SHARES) {
      const group = this.#group(line, entry, share === 0 ? 0 : entry.window * share);
      if (group === 'too few') return undefined;
      if (!group) continue;
      const members = group.parties.map(({ waiting }) => waiting);
      const teams = deal(group.packing, members);
      const playing = new Set(teams.flat());
      for (const party of group.parties) if (playing.has(party.waiting)) take(line, party);
      return { kind: 'match', teams };
    }
    return undefined;
  }

  /**
   * Parties around one, the nearest first, every two of them within both windows, until some of them fill the teams.
   * `too few`: there are not enough near him, whoever is left out.
   */
  #group(line: Line, entry: Entry, narrowest: number) {
    const { count, size } = this.#rules.teams;
    const needed = count * size;
    const { rating } = entry.waiting;
    const parties = [entry];
    const counts = new Array<number>(size + 1).fill(0);
    counts[entry.waiting.size]!++;
    let players = entry.waiting.size;
    let near = players;
    if (players === needed) return packed(this.#packer.pack(counts, entry.waiting.size), parties);
    // What all of the group allow, and where the group is.
    let from = rating - entry.window;
    let to = rating + entry.window;
    let low = rating;
    let high = rating;
    let left = line.previous[entry.place]!;
    let right = line.next[entry.place]!;
    let looks = needed * LOOKS;
    for (; looks > 0; looks--) {
      const below = left >= 0 ? line.entries[left]! : undefined;
      const above = right < line.entries.length ? line.entries[right]! : undefined;
      const lower = below ? rating - below.waiting.rating : Number.POSITIVE_INFINITY;
      const upper = above ? above.waiting.rating - rating : Number.POSITIVE_INFINITY;
      if ((!below && !above) || Math.min(lower, upper) > entry.window) break;
      // Of two that are equally near, the longer waiting.
      const isBelow = lower < upper || (lower === upper && below!.waiting.sinceMs <= above!.waiting.sinceMs);
      const other = isBelow ? below! : above!;
      if (isBelow) left = line.previous[left]!;
      else right = line.next[right]!;
      const more = other.waiting.size;
      if (other.gone || counts[more]! >= this.#packer.most(more)) continue;
      const at = other.waiting.rating;
      if (Math.abs(at - rating) <= other.window) near += more;
      if (other.window < narrowest || at < from || at > to) continue;
      if (Math.max(high, at) - at > other.window || at - Math.min(low, at) > other.window) continue;
      low = Math.min(low, at);
      high = Math.max(high, at);
      from = Math.max(from, at - other.window);
      to = Math.min(to, at + other.window);
      parties.push(other);
      counts[more]!++;
      players += more;
      if (players < needed) continue;
      const packing = this.#packer.pack(counts, entry.waiting.size);
      if (packing) return { packing, parties };
    }
    return looks > 0 && near < needed ? 'too few' : undefined;
  }
}

function packed(packing: ReturnType<Packer['pack']>, parties: Entry[]) {
  return packing ? { packing, parties } : undefined;
}

/** The nearest match that runs and has room. */
function joining(entry: Entry, open: readonly { opening: Opening; free: number[] }[]): Found | undefined {
  const { waiting, window } = entry;
  let best: (typeof open)[number] | undefined;
  let bestTeam = -1;
  let bestApart = Number.POSITIVE_INFINITY;
  for (const candidate of open) {
    const { key, rating } = candidate.opening;
    const apart = Math.abs(rating - waiting.rating);
    if (key !== waiting.key || apart > window || apart >= bestApart) continue;
    const most = Math.max(...candidate.free);
    if (most < waiting.size) continue;
    best = candidate;
    bestTeam = candidate.free.indexOf(most);
    bestApart = apart;
  }
  if (!best) return undefined;
  best.free[bestTeam]! -= waiting.size;
  return { kind: 'joins', opening: best.opening, team: bestTeam, waiting };
}

function take({ entries, next, previous }: Line, entry: Entry): void {
  const { place } = entry;
  entry.taken = true;
  const [before, after] = [previous[place]!, next[place]!];
  if (before >= 0) next[before] = after;
  if (after < entries.length) previous[after] = before;
}

/** Behind all of this rating and below. */
function placeFor(line: readonly Entry[], rating: number): number {
  let low = 0;
  let high = line.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (line[middle]!.waiting.rating <= rating) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * One matchmaker at work: who searches, parties that gather, a pass over those who wait now and then, and what comes
 * of it. Channels (match-channel.ts) and requests (match-routes.ts) bring players here; match-pool.ts decides.
 * [T11] A user searches once: a second search ends the first.  [T3] A pass gives way after `matchSliceMs`, so that no
 * tick waits for it.
 *
 *   entering --party not complete--> gathering --complete--> waiting --found--> matched
 *   gathering <--one of the party leaves-- waiting         any --timeout, leave, refused--> over
 */
import type { Cancel, Env } from '../../src/base/env.ts';
import { Fault, isFault, toFault } from '../../src/base/fault.ts';
import type { Viewer } from '../../src/policy/viewer.ts';
import type { Store } from '../../src/store/store.ts';
import { checkWish, type MatchNews, type Wish } from '../core/match-frame.ts';
import type { Directory } from './directory.ts';
import { type Invited, MatchGames } from './match-games.ts';
import { MatchPool } from './match-pool.ts';
import type { Found, Waiting } from './match-rules.ts';
import type { Enters, Matchmaker } from './matchmaker.ts';
import type { ShardsOptions } from './options.ts';
import { checkTicketData } from './ticket.ts';
import type { TicketBook } from './ticket-book.ts';

/** What has become of a search. */
export type SearchState = MatchNews | { readonly t: 'over'; readonly fault: Fault };

/** A player who looks for a match. */
export interface Search extends Invited {
  readonly sinceMs: number;
  readonly state: SearchState;
}

interface Searching extends Search {
  state: SearchState;
  readonly party: Party | undefined;
  /** He waits, alone or with his party, under this number. */
  unit: number | undefined;
  told(state: SearchState): void;
}

interface Party {
  readonly id: string;
  readonly size: number;
  readonly key: string;
  readonly members: Set<Searching>;
}

interface Deps {
  readonly directory: Directory;
  readonly tickets: TicketBook;
  readonly store: Store;
}

export class MatchQueue {
  readonly matchmaker: Matchmaker;
  readonly #env: Env;
  readonly #deps: Deps;
  readonly #options: ShardsOptions;
  readonly #pool: MatchPool;
  readonly #games: MatchGames;
  /** By user; the longest searching first. */
  readonly #searches = new Map<string, Searching>();
  readonly #parties = new Map<string, Party>();
  readonly #units = new Map<number, readonly Searching[]>();
  #lastUnit = 0;
  #timer: Cancel | undefined;
  #passing: ReturnType<MatchPool['pass']> | undefined;
  #closed = false;

  constructor(env: Env, deps: Deps, from: { matchmaker: Matchmaker; options: ShardsOptions }) {
    this.#env = env;
    this.#deps = deps;
    this.#options = from.options;
    this.matchmaker = from.matchmaker;
    this.#pool = new MatchPool(from.matchmaker);
    this.#games = new MatchGames(env, deps, from.matchmaker);
  }

  /** Players who search. */
  get size(): number {
    return this.#searches.size;
  }

  /**
   * Begins a search. `told` hears of each change of its state, the first one before this resolves. Throws Fault
   * `unauthorized` without a user, `overloaded` when too many search, `conflict` when the party is another or full,
   * `invalid`, `too_large`, and what `enter` throws.
   */
  async enter(auth: Viewer, wish: Wish, told: (state: SearchState) => void): Promise<Search> {
    const { userId } = auth;
    if (userId === null) throw new Fault('unauthorized', 'sign in to play');
    this.#check(userId);
    checkWish(wish);
    const { size } = this.matchmaker.teams;
    if (wish.party && wish.party.size > size)
      throw new Fault('invalid', `a party of ${wish.party.size} in teams of ${size}`);
    const row = (entity: string, id: string) => this.#deps.store.read((snapshot) => snapshot.get(entity, id));
    const candidate = { auth, data: wish.data ?? null, row };
    const entered = (await this.matchmaker.enter?.(candidate)) ?? {};
    // Here it costs him his search; when a match begins it would cost all who are in it theirs.
    checkTicketData({ team: this.matchmaker.teams.count - 1, data: entered.data ?? null });
    this.#check(userId);
    const earlier = this.#searches.get(userId);
    if (earlier) this.#over(earlier, new Fault('conflict', 'this user searches from elsewhere'));
    return this.#begin({ userId, entered, wish }, told);
  }

  /** He looks no more. Of one who does not search: nothing. */
  leave(search: Search): void {
    const searching = this.#searches.get(search.userId);
    if (searching === search) this.#over(searching, new Fault('cancelled', 'left the queue'));
  }

  close(): void {
    this.#closed = true;
    this.#timer?.();
    for (const search of [...this.#searches.values()])
      this.#over(search, new Fault('unavailable', 'the server is about to end'));
  }

  #check(userId: string): void {
    if (this.#closed) throw new Fault('unavailable', 'the server is about to end');
    if (this.#searches.size >= this.matchmaker.maxWaiting && !this.#searches.has(userId))
      throw new Fault('overloaded', 'too many players search');
  }

  #begin(
    { userId, entered, wish }: { userId: string; entered: Enters; wish: Wish },
    told: (state: SearchState) => void,
  ): Search {
    const { rating = 0, key = '', data = null } = entered;
    if (!Number.isFinite(rating))
      throw new Fault('internal', `${this.matchmaker.name}: a rating of ${rating}`);
    const invitation = this.#games.invitationOf(userId);
    const party = invitation ? undefined : this.#party(wish, key);
    const sinceMs = this.#env.clock.monotonic();
    const state: SearchState = invitation
      ? { t: 'matched', ...invitation }
      : { t: 'gathering', here: 1, of: 1 };
    const search: Searching = { userId, rating, key, data, sinceMs, party, state, unit: undefined, told };
    if (invitation) {
      told(state);
      return search;
    }
    this.#searches.set(userId, search);
    if (party) this.#gather(party, search);
    else this.#wait([search]);
    return search;
  }

  #party({ party: wish }: Wish, key: string): Party | undefined {
    if (!wish || wish.size === 1) return undefined;
    const { id, size } = wish;
    const known = this.#parties.get(id);
    if (!known) return { id, size, key, members: new Set() };
    if (known.size !== size || known.key !== key)
      throw new Fault('conflict', 'the party wants something else');
    if (known.members.size >= size) throw new Fault('conflict', 'the party is full');
    return known;
  }

  #gather(party: Party, search: Searching): void {
    this.#parties.set(party.id, party);
    party.members.add(search);
    if (party.members.size === party.size) this.#wait([...party.members]);
    else this.#tellGathering(party);
  }

  #tellGathering({ members, size }: Party): void {
    for (const search of members) this.#tell(search, { t: 'gathering', here: members.size, of: size });
  }

  #wait(members: readonly Searching[]): void {
    const id = ++this.#lastUnit;
    const rating = members.reduce((sum, search) => sum + search.rating, 0) / members.length;
    this.#units.set(id, members);
    const sinceMs = this.#env.clock.monotonic();
    this.#pool.add({ id, size: members.length, rating, key: members[0]!.key, sinceMs });
    for (const search of members) search.unit = id;
    for (const search of members) this.#tell(search, { t: 'waiting', players: this.#searches.size });
    this.#arm();
  }

  #arm(): void {
    if (this.#timer || this.#searches.size === 0 || this.#closed) return;
    this.#timer = this.#env.clock.after(this.#options.matchEveryMs, () => this.#pass());
  }

  #pass(): void {
    const nowMs = this.#env.clock.monotonic();
    for (const search of this.#searches.values()) {
      if (nowMs - search.sinceMs < this.matchmaker.timeoutMs) break;
      this.#over(search, new Fault('timeout', 'nobody to play with was found'));
    }
    this.#passing = this.#pool.pass(nowMs, this.#games.openings());
    this.#slice();
  }

  #slice(): void {
    const { clock } = this.#env;
    const endMs = clock.monotonic() + this.#options.matchSliceMs;
    this.#timer = undefined;
    for (let next = this.#passing!.next(); !next.done; next = this.#passing!.next()) {
      if (next.value && !this.#found(next.value)) break;
      if (clock.monotonic() < endMs) continue;
      this.#timer = clock.after(1, () => this.#slice());
      return;
    }
    this.#arm();
  }

  /** False: no more matches can begin now. */
  #found(found: Found): boolean {
    const teams = found.kind === 'match' ? found.teams : [[found.waiting]];
    const players = teams.map((team) => team.flatMap((waiting) => this.#members(waiting)));
    try {
      const invitations =
        found.kind === 'match'
          ? this.#games.begin(players)
          : this.#games.seat(found.opening.id, found.team, players[0]!);
      for (const search of players.flat()) {
        this.#end(search, { t: 'matched', ...invitations.get(search.userId)! });
      }
    } catch (error) {
      if (isFault(error, 'overloaded')) {
        this.#env.log.warn('match.no_room', { matchmaker: this.matchmaker.name });
        return false;
      }
      this.#env.log.error('match.failed', { matchmaker: this.matchmaker.name, error });
      for (const search of players.flat()) this.#over(search, toFault(error));
    }
    return true;
  }

  #members({ id }: Waiting): readonly Searching[] {
    return this.#units.get(id)!;
  }

  #over(search: Searching, fault: Fault): void {
    this.#end(search, { t: 'over', fault });
    const { party } = search;
    if (!party || party.members.size === 0) return;
    // The others are one too few now.
    for (const other of party.members) other.unit = undefined;
    this.#tellGathering(party);
  }

  /** Out of the queue, and of what he waited with. */
  #end(search: Searching, state: SearchState): void {
    if (this.#searches.get(search.userId) === search) this.#searches.delete(search.userId);
    if (search.unit !== undefined) {
      this.#pool.remove(search.unit);
      this.#units.delete(search.unit);
    }
    const { party } = search;
    party?.members.delete(search);
    if (party?.members.size === 0 && this.#parties.get(party.id) === party) this.#parties.delete(party.id);
    this.#tell(search, state);
  }

  #tell(search: Searching, state: SearchState): void {
    search.state = state;
    search.told(state);
  }
}

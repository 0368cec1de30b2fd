/**
 * The matches of one matchmaker that are played: begins their shards, invites players by ticket, and knows which
 * seats are free again. Used by match-queue.ts.
 */
import type { Env } from '../../src/base/env.ts';
import { newId } from '../../src/base/id.ts';
import type { Json } from '../../src/base/json.ts';
import type { Invitation } from '../core/match-frame.ts';
import type { Directory } from './directory.ts';
import type { Opening } from './match-rules.ts';
import type { Matchmaker } from './matchmaker.ts';
import type { TicketBook } from './ticket-book.ts';

/** Who was found. */
export interface Invited {
  readonly userId: string;
  readonly rating: number;
  readonly data: Json;
  readonly key: string;
}

interface Seat {
  readonly userId: string;
  readonly rating: number;
  /** He may still come. */
  readonly untilMs: number;
  came: boolean;
}

interface Game {
  readonly key: string;
  readonly teams: Seat[][];
}

export class MatchGames {
  readonly #env: Env;
  readonly #deps: { directory: Directory; tickets: TicketBook };
  readonly #matchmaker: Matchmaker;
  readonly #games = new Map<string, Game>();
  /** Who was invited and when that is over, the oldest first. */
  readonly #invited = new Map<string, { invitation: Invitation; untilMs: number }>();

  constructor(env: Env, deps: { directory: Directory; tickets: TicketBook }, matchmaker: Matchmaker) {
    this.#env = env;
    this.#deps = deps;
    this.#matchmaker = matchmaker;
  }

  /** Begins a match. Throws what the directory's `create` throws, and what `params` does. */
  begin(teams: readonly (readonly Invited[])[]): ReadonlyMap<string, Invitation> {
    const { shard } = this.#matchmaker;
    const id = newId(this.#env);
    const { key } = teams[0]![0]!;
    const params = this.#matchmaker.params({ key, teams });
    this.#deps.directory.create(shard, params, id);
    this.#games.set(id, { key, teams: teams.map(() => []) });
    const invitations = new Map<string, Invitation>();
    for (const [team, players] of teams.entries()) {
      for (const [userId, invitation] of this.seat(id, team, players)) invitations.set(userId, invitation);
    }
    return invitations;
  }

  /** Invites players into a match that was begun. */
  seat(id: string, team: number, players: readonly Invited[]): ReadonlyMap<string, Invitation> {
    const { shard, joinMs } = this.#matchmaker;
    const untilMs = this.#env.clock.monotonic() + joinMs;
    const invitations = new Map<string, Invitation>();
    for (const { userId, rating, data } of players) {
      const wish = { userId, expiresMs: joinMs, data: { team, data } };
      const ticket = this.#deps.tickets.issue(shard, id, wish);
      const invitation = { shard: shard.name, id, ticket, team };
      this.#games.get(id)?.teams[team]?.push({ userId, rating, untilMs, came: false });
      this.#invited.delete(userId);
      this.#invited.set(userId, { invitation, untilMs });
      invitations.set(userId, invitation);
    }
    return invitations;
  }

  /** He was found, has not come yet, and still may: his page lost the news. */
  invitationOf(userId: string): Invitation | undefined {
    this.#forget();
    const invited = this.#invited.get(userId);
    const { directory, tickets } = this.#deps;
    if (!invited || !tickets.isOpen(invited.invitation.ticket)) return undefined;
    return directory.find(this.#matchmaker.shard, invited.invitation.id) && invited.invitation;
  }

  /** Matches with free seats, when those are given away again. */
  openings(): Opening[] {
    this.#forget();
    const { directory } = this.#deps;
    const { shard, backfill, teams } = this.#matchmaker;
    const openings: Opening[] = [];
    for (const [id, game] of this.#games) {
      const ref = directory.find(shard, id);
      if (!ref) this.#games.delete(id);
      if (!ref || !backfill) continue;
      const here = new Set(ref.players.map(({ userId }) => userId));
      for (const team of game.teams) this.#clear(team, here);
      const seats = game.teams.flat();
      const free = game.teams.map((team) => teams.size - team.length);
      // Who is alone with nobody has no match to join: it ends when it is empty.
      if (seats.length === 0 || free.every((n) => n === 0)) continue;
      const rating = seats.reduce((sum, seat) => sum + seat.rating, 0) / seats.length;
      openings.push({ id, key: game.key, rating, free });
    }
    return openings;
  }

  /** Takes away the seats of those who left, or did not come in time. */
  #clear(team: Seat[], here: ReadonlySet<string | null>): void {
    const nowMs = this.#env.clock.monotonic();
    const kept = team.filter((seat) => {
      const isHere = here.has(seat.userId);
      seat.came ||= isHere;
      return isHere || (!seat.came && seat.untilMs > nowMs);
    });
    team.splice(0, team.length, ...kept);
  }

  #forget(): void {
    const nowMs = this.#env.clock.monotonic();
    for (const [userId, { untilMs }] of this.#invited) {
      if (untilMs > nowMs) return;
      this.#invited.delete(userId);
    }
  }
}

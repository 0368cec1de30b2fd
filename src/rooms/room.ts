/**
 * One room: its members, what they show, and what they say. Presence leaves once per turn, encoded once and
 * shared; messages leave at once, in order. Nothing is stored.
 * [P4] When rows change that may turn who may be here, nothing passes through the room until the policies have
 * been asked again; what comes meanwhile waits, in bounded number.
 */
import type { Env } from '../base/env.ts';
import { Fault, isFault, toFault } from '../base/fault.ts';
import type { Json } from '../base/json.ts';
import type { Viewer } from '../policy/viewer.ts';
import { encodeRoom } from '../protocol/room-frame.ts';
import type { Commit } from '../store/change-log.ts';
import type { Door } from './door.ts';
import type { RoomsOptions } from './options.ts';
import { type Member, Roster } from './roster.ts';

/** A member as his room sees him: seat.ts. */
export interface Occupant {
  readonly id: string;
  readonly viewer: Viewer;
  /** He needs the full list before any delta. */
  readonly wantsList: boolean;
  list(payload: Uint8Array): void;
  delta(payload: Uint8Array): void;
  message(payload: Uint8Array): void;
  /** Calls `leave`. */
  end(fault: Fault): void;
}

interface Deps {
  readonly env: Env;
  readonly door: Door;
  readonly options: RoomsOptions;
  /** Nobody is here or about to be. */
  readonly empty: () => void;
}

export class Room {
  readonly #deps: Deps;
  readonly #roster: Roster;
  readonly #seats = new Map<Occupant, Member>();
  #entering = 0;
  /** How often the answers of the door came into doubt. */
  #doubts = 0;
  #asking = false;
  #held: (() => void)[] = [];
  #planned = false;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#roster = new Roster(deps.options.maxMembers);
  }

  get size(): number {
    return this.#seats.size;
  }

  /** Rejects with the door's refusal, or with `overloaded` when the room is full. */
  async enter(seat: Occupant, state: Json): Promise<void> {
    const { door } = this.#deps;
    this.#entering++;
    try {
      for (;;) {
        const { viewer } = seat;
        const doubts = this.#doubts;
        const [may] = await door.ask([viewer]);
        if (doubts !== this.#doubts || viewer !== seat.viewer) continue;
        if (!may) throw door.refusal();
        return this.#add(seat, state);
      }
    } finally {
      this.#entering--;
      this.#leaveNobody();
    }
  }

  leave(seat: Occupant): void {
    if (!this.#seats.delete(seat)) return;
    this.#roster.leave(seat.id);
    this.plan();
    this.#leaveNobody();
  }

  show(seat: Occupant, state: Json): void {
    const member = this.#seats.get(seat);
    if (!member) return;
    this.#seats.set(seat, { ...member, state });
    this.#roster.change(seat.id, state);
    this.plan();
  }

  /** Throws `overloaded` when too much waits for the policies. */
  publish(seat: Occupant, data: Json): void {
    if (!this.#asking) return this.#publish(seat, data);
    if (this.#held.length >= this.#deps.options.maxHeld)
      throw new Fault('overloaded', 'too many messages wait in this room');
    this.#held.push(() => this.#publish(seat, data));
  }

  committed(commits: readonly Commit[]): void {
    if (this.#deps.door.turnedBy(commits)) this.#doubt();
  }

  /** A renewed session of the same user stays; another user has to join anew. */
  identityChanged(seat: Occupant): void {
    const member = this.#seats.get(seat);
    if (!member) return;
    const { userId, name } = seat.viewer;
    if (userId !== member.userId) return seat.end(new Fault('unauthorized', 'the identity changed'));
    if (name !== member.name) {
      this.#roster.leave(seat.id);
      this.#seats.delete(seat);
      this.#add(seat, member.state);
    }
    this.#doubt();
  }

  /** At the end of the turn all are told what they do not know yet. */
  plan(): void {
    if (this.#planned) return;
    this.#planned = true;
    this.#deps.env.clock.soon(() => {
      this.#planned = false;
      if (!this.#asking) this.#tell();
    });
  }

  #add(seat: Occupant, state: Json): void {
    const { userId, name } = seat.viewer;
    const member = { id: seat.id, userId, name, state };
    this.#roster.join(member);
    this.#seats.set(seat, member);
    this.plan();
  }

  #publish(seat: Occupant, data: Json): void {
    const member = this.#seats.get(seat);
    if (!member) return;
    const { id, userId, name } = member;
    const payload = encodeRoom({ t: 'message', from: { id, userId, name }, data });
    for (const other of this.#seats.keys()) if (other !== seat) other.message(payload);
  }

  #tell(): void {
    // The delta first: a newcomer's list has all of it already.
    const delta = this.#roster.take();
    if (delta) {
      const payload = encodeRoom({ t: 'delta', ...delta });
      for (const seat of this.#seats.keys()) seat.delta(payload);
    }
    const wanting = [...this.#seats.keys()].filter((seat) => seat.wantsList);
    if (wanting.length === 0) return;
    const payload = encodeRoom({ t: 'list', members: this.#roster.members });
    for (const seat of wanting) seat.list(payload);
  }

  #doubt(): void {
    const { door } = this.#deps;
    this.#doubts++;
    const seats = [...this.#seats.keys()];
    const answers = seats.map(({ viewer }) => door.known(viewer));
    if (answers.includes(undefined)) {
      if (!this.#asking) void this.#ask();
      return;
    }
    this.#expel(seats, answers);
  }

  async #ask(): Promise<void> {
    const { door, env } = this.#deps;
    this.#asking = true;
    try {
      for (;;) {
        const doubts = this.#doubts;
        const seats = [...this.#seats.keys()];
        const answers = await door.ask(seats.map(({ viewer }) => viewer));
        if (doubts !== this.#doubts) continue;
        this.#expel(seats, answers);
        break;
      }
    } catch (error) {
      if (!isFault(error)) env.log.error('rooms.ask_failed', { error: String(error) });
      for (const seat of [...this.#seats.keys()]) seat.end(toFault(error)); // nothing is allowed then
    }
    this.#asking = false;
    const held = this.#held;
    this.#held = [];
    for (const task of held) task();
    this.plan();
  }

  #expel(seats: readonly Occupant[], answers: readonly (boolean | undefined)[]): void {
    for (const [i, seat] of seats.entries()) if (!answers[i]) seat.end(this.#deps.door.refusal());
  }

  #leaveNobody(): void {
    if (this.#seats.size === 0 && this.#entering === 0) this.#deps.empty();
  }
}

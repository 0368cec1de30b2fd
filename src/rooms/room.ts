/**
 * One room: its members, what they show, and what they say. Presence leaves at most once per turn and `tellMs`,
 * encoded once and shared; messages leave at once, in order. Nothing is stored.
 * [P4] When rows change that may turn who may be here, nothing passes through the room until the policies have
 * been asked again; what comes meanwhile waits, in bounded number.
 */
import type { Env } from '../base/env.ts';
import { Fault, isFault, toFault } from '../base/fault.ts';
import type { Json } from '../base/json.ts';
import { sameViewer, type Viewer } from '../policy/viewer.ts';
import { encodeRoom } from '../protocol/room-frame.ts';
import type { Change } from '../store/transaction.ts';
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

interface Present {
  /** As whom he was let in. */
  readonly viewer: Viewer;
  /** As what he says is signed. */
  readonly from: Omit<Member, 'state'>;
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
  readonly #seats = new Map<Occupant, Present>();
  #entering = 0;
  /** How often the answers of the door came into doubt. */
  #doubts = 0;
  #asking = false;
  #held: (() => void)[] = [];
  #planned = false;
  #toldMs = Number.NEGATIVE_INFINITY;

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
    if (!this.#seats.has(seat)) return;
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

  committed(changes: readonly Change[]): void {
    if (this.#deps.door.turnedBy(changes)) this.#doubt();
  }

  /** Whoever has become another, or has other roles, has to join anew; a renewed token changes nothing. */
  identityChanged(seat: Occupant): void {
    const viewer = this.#seats.get(seat)?.viewer;
    if (!viewer || sameViewer(viewer, seat.viewer)) return;
    const other = viewer.userId !== seat.viewer.userId;
    seat.end(new Fault(other ? 'unauthorized' : 'unavailable', 'the identity changed'));
  }

  /** At the end of the turn, or later if that was just done, all are told what they do not know yet. */
  plan(): void {
    if (this.#planned) return;
    this.#planned = true;
    const { env, options } = this.#deps;
    const tell = () => {
      this.#planned = false;
      if (!this.#asking) this.#tell();
    };
    const waitMs = this.#toldMs + options.tellMs - env.clock.monotonic();
    if (waitMs > 0) env.clock.after(waitMs, tell);
    else env.clock.soon(tell);
  }

  #add(seat: Occupant, state: Json): void {
    const { id, viewer } = seat;
    const { userId, name } = viewer;
    this.#roster.join({ id, userId, name, state });
    this.#seats.set(seat, { viewer, from: { id, userId, name } });
    this.plan();
  }

  #publish(seat: Occupant, data: Json): void {
    const from = this.#seats.get(seat)?.from;
    if (!from) return;
    const payload = encodeRoom({ t: 'message', from, data });
    for (const other of this.#seats.keys()) if (other !== seat) other.message(payload);
  }

  #tell(): void {
    this.#toldMs = this.#deps.env.clock.monotonic();
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
      for (let doubts = -1; doubts !== this.#doubts; ) {
        doubts = this.#doubts;
        const seats = [...this.#seats.keys()];
        const due = this.#held;
        this.#held = [];
        const answers = await door.ask(seats.map(({ viewer }) => viewer));
        this.#expel(seats, answers);
        // What came before the question may go now, even if a later change asks for another one.
        for (const task of due) task();
      }
    } catch (error) {
      if (!isFault(error)) env.log.error('rooms.ask_failed', { error: String(error) });
      for (const seat of [...this.#seats.keys()]) seat.end(toFault(error)); // nothing is allowed then
    }
    this.#asking = false;
    for (const task of this.#held.splice(0)) task();
    this.plan();
  }

  #expel(seats: readonly Occupant[], answers: readonly (boolean | undefined)[]): void {
    for (const [i, seat] of seats.entries()) if (!answers[i]) seat.end(this.#deps.door.refusal());
  }

  #leaveNobody(): void {
    if (this.#seats.size === 0 && this.#entering === 0) this.#deps.empty();
  }
}

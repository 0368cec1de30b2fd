/**
 * Who is in a room and with what state, and what has changed since it was last told. A room takes one delta
 * now and then and shares it among its members; between two takings only the latest state of a member is
 * kept, so that what waits never outgrows those who came, stayed and left. [S10] Nothing is stored.
 */
import { Fault } from '../base/fault.ts';
import type { Json } from '../base/json.ts';

/** Who a member is, as the server knows him: a client has no say in it. */
export interface Member {
  /** One per channel: a browser's tabs are one session, and several members. */
  readonly id: string;
  readonly userId: string | null;
  readonly name: string | null;
  readonly state: Json;
}

export interface RosterDelta {
  /** Those who are new, or here again as somebody else: each replaces what is known of his id. */
  readonly joined: Member[];
  readonly changed: { readonly id: string; readonly state: Json }[];
  readonly left: string[];
}

export class Roster {
  readonly #maxMembers: number;
  readonly #members = new Map<string, Member>();
  /** Those touched since the last delta was taken, as they were then; undefined: not here. */
  readonly #touched = new Map<string, Member | undefined>();

  constructor(maxMembers: number) {
    this.#maxMembers = maxMembers;
  }

  get members(): Member[] {
    return [...this.#members.values()];
  }

  /** Throws Fault `overloaded` when the room is full. An id joins once until it leaves. */
  join(member: Member): void {
    if (this.#members.size >= this.#maxMembers) throw new Fault('overloaded', 'the room is full');
    this.#touch(member.id);
    this.#members.set(member.id, member);
  }

  /** Of one who is not here: nothing. */
  change(id: string, state: Json): void {
    const member = this.#members.get(id);
    if (member === undefined) return;
    this.#touch(id);
    this.#members.set(id, { ...member, state });
  }

  leave(id: string): void {
    if (!this.#members.has(id)) return;
    this.#touch(id);
    this.#members.delete(id);
    if (this.#touched.get(id) === undefined) this.#touched.delete(id);
  }

  /** What changed since the last call; null: nothing that the others need to know. */
  take(): RosterDelta | null {
    if (this.#touched.size === 0) return null;
    const joined: Member[] = [];
    const changed: { id: string; state: Json }[] = [];
    const left: string[] = [];
    for (const [id, before] of this.#touched) {
      const member = this.#members.get(id);
      if (member === undefined) left.push(id);
      else if (isSame(before, member)) changed.push({ id, state: member.state });
      else joined.push(member);
    }
    this.#touched.clear();
    return { joined, changed, left };
  }

  #touch(id: string): void {
    if (!this.#touched.has(id)) this.#touched.set(id, this.#members.get(id));
  }
}

function isSame(before: Member | undefined, now: Member): boolean {
  return before !== undefined && before.userId === now.userId && before.name === now.name;
}

/**
 * The entities that this player predicts: his own, and what his own `step` has spawned. A predicted spawn has an id of
 * this page's own until the server says which of its entities it is; then it goes on under that one. Kept by predict.ts.
 *
 *   predicted --the server says its id--> known --gone from the snapshots that are drawn--> (forgotten)
 *       '------a snapshot of its tick is without it-----------------------------------------^
 */
import type { Components } from '../core/component.ts';
import type { Snapshot } from '../core/snapshot.ts';

/** Ids from here on are this page's own; a server would count for years to come here. */
export const FIRST_OWN_ID = 2 ** 30;

interface Member {
  /** 0: the slot is free. */
  id: number;
  /** Grows with each member: tells them apart whatever their ids. */
  key: number;
  /** When it was spawned, and as which of that step; -1 for the player's own entity. */
  tick: number;
  nth: number;
  known: boolean;
  /** The first snapshot without it; 0: it was in the last one. */
  goneTick: number;
  /** Whether it is there at the tick that is drawn. */
  shown: boolean;
}

export class Foretold {
  readonly #slots: Member[];
  readonly #slotOf = new Map<number, number>();
  /** The oldest tick of which anything is drawn: what is foretold is not drawn from there, either. */
  drawnTick = 0;
  #nextId = FIRST_OWN_ID;
  #lastKey = 1;
  #version = 1;

  /** `own`: the player's entity, 0 for none. `maxSpawns`: so many of his spawns at once; others are drawn as the server sends them. */
  constructor(own: number, maxSpawns: number) {
    this.#slots = Array.from({ length: maxSpawns + 1 }, () => ({
      id: 0,
      key: 0,
      tick: -1,
      nth: 0,
      known: false,
      goneTick: 0,
      shown: false,
    }));
    if (own === 0) return;
    Object.assign(this.#slots[0]!, { id: own, key: 1 });
    this.#slotOf.set(own, 0);
  }

  /** Slots; the first is that of the player's own entity. */
  get size(): number {
    return this.#slots.length;
  }

  /** Grows whenever another entity is shown, or under another id. */
  get version(): number {
    return this.#version;
  }

  has(id: number): boolean {
    return this.#slotOf.has(id);
  }

  /** The entity of a slot, or 0. */
  idAt(slot: number): number {
    return this.#slots[slot]!.id;
  }

  /** A number that is the same for as long as the slot holds the same entity, also under another id; 0: it is free. */
  keyAt(slot: number): number {
    const { id, key } = this.#slots[slot]!;
    return id === 0 ? 0 : key;
  }

  /** The entity of a slot if it is there at the tick that is drawn, else 0. */
  shownAt(slot: number): number {
    const { id, shown } = this.#slots[slot]!;
    return shown ? id : 0;
  }

  show(slot: number, shown: boolean): void {
    const member = this.#slots[slot]!;
    if (member.shown === shown) return;
    member.shown = shown;
    this.#version++;
  }

  /** The id of the `nth` entity that the step of `tick` spawns: the same each time that the tick is computed. */
  idFor(tick: number, nth: number): number {
    const slot = this.#find(tick, nth);
    return slot === -1 ? this.#add(tick, nth, this.#nextOwn()) : this.#slots[slot]!.id;
  }

  /** The server's id of what the step of `tick` spawned; gives the id that it has had here, 0 for none. */
  settle(tick: number, nth: number, id: number): number {
    const slot = this.#find(tick, nth);
    if (slot === -1) {
      this.#known(this.#add(tick, nth, id));
      return 0;
    }
    const member = this.#slots[slot]!;
    const before = member.id;
    this.#slotOf.delete(before);
    member.id = id;
    this.#slotOf.set(id, slot);
    this.#known(id);
    return before;
  }

  /** Forgets what is gone from all that is drawn, or has not come to be in its tick. */
  prune<C extends Components>(snapshot: Snapshot<C>): void {
    for (let slot = 1; slot < this.#slots.length; slot++) {
      const member = this.#slots[slot]!;
      const { id, tick, known, goneTick } = member;
      if (id === 0 || tick > snapshot.tick) continue;
      if (!known || (goneTick > 0 && goneTick <= this.drawnTick)) this.#drop(slot);
      else if (snapshot.find(id) !== -1) member.goneTick = 0;
      else if (goneTick === 0) member.goneTick = snapshot.tick;
    }
  }

  #find(tick: number, nth: number): number {
    for (let slot = 1; slot < this.#slots.length; slot++) {
      const member = this.#slots[slot]!;
      if (member.id !== 0 && member.tick === tick && member.nth === nth) return slot;
    }
    return -1;
  }

  /** Gives `id` back. */
  #add(tick: number, nth: number, id: number): number {
    for (let slot = 1; slot < this.#slots.length; slot++) {
      const member = this.#slots[slot]!;
      if (member.id !== 0) continue;
      Object.assign(member, { id, key: ++this.#lastKey, tick, nth, known: false, goneTick: 0, shown: false });
      this.#slotOf.set(id, slot);
      break;
    }
    return id;
  }

  #known(id: number): void {
    const slot = this.#slotOf.get(id);
    if (slot !== undefined) this.#slots[slot]!.known = true;
    this.#version++;
  }

  #drop(slot: number): void {
    const member = this.#slots[slot]!;
    this.#slotOf.delete(member.id);
    member.id = 0;
    this.show(slot, false);
    this.#version++;
  }

  #nextOwn(): number {
    const id = this.#nextId++;
    if (this.#nextId >= 2 ** 31) this.#nextId = FIRST_OWN_ID;
    return id;
  }
}

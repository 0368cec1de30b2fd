/**
 * The subscriptions of one session. Replica owns it and says when: each is `due` until its rows have been
 * told, and all are due again when the session has to start over. [S8] A set is opened for the viewer of that
 * moment. [S10] Their number is bounded, and so is what their first rows may amount to.
 *
 *   due --prepare()--> due, with a set --take()--> told      told --suspend()--> due
 *   any --remove(), refused, the set ended--> gone
 */
import { Fault, toFault } from '../base/fault.ts';
import type { JsonObject } from '../base/json.ts';
import { encodePart } from '../protocol/row-batch.ts';
import type { QuerySpec } from '../schema/query-spec.ts';
import type { LiveRows } from './live-rows.ts';
import type { Follower, LiveSet } from './live-set.ts';
import type { Member } from './member.ts';

interface Subscription extends Follower {
  readonly spec: QuerySpec;
  set: LiveSet | undefined;
  /** Of its first rows, once told. */
  chars: number;
}

export interface SubscriptionsHost {
  readonly member: Member;
  /** It is over, and its number free. */
  dropped(id: number, fault: Fault): void;
}

export class Subscriptions {
  readonly #live: LiveRows;
  readonly #host: SubscriptionsHost;
  readonly #max: number;
  readonly #all = new Map<number, Subscription>();
  readonly #due = new Set<Subscription>();

  constructor(live: LiveRows, host: SubscriptionsHost, max: number) {
    this.#live = live;
    this.#host = host;
    this.#max = max;
  }

  get size(): number {
    return this.#all.size;
  }

  /** All that are due can be told now. */
  get ready(): boolean {
    for (const { set } of this.#due) if (!set?.ready) return false;
    return true;
  }

  /** Some that are due can be told now. */
  get someReady(): boolean {
    for (const { set } of this.#due) if (set?.ready) return true;
    return false;
  }

  /** Throws `bad_message` for a number that is in use: a client that does that has lost count. */
  add(id: number, query: JsonObject): void {
    if (this.#all.has(id)) throw new Fault('bad_message', `subscription ${id} is there already`);
    try {
      if (this.#all.size >= this.#max) throw new Fault('overloaded', `more than ${this.#max} subscriptions`);
      const spec = this.#live.read(query);
      const { member } = this.#host;
      const ended = (fault: Fault) => this.#drop(subscription, fault);
      const subscription: Subscription = { id, member, spec, set: undefined, chars: 0, ended };
      this.#all.set(id, subscription);
      this.#due.add(subscription);
    } catch (error) {
      this.#host.dropped(id, toFault(error));
    }
  }

  /** A number that is free already is no fault: this and `dropped` may cross. */
  remove(id: number): void {
    const subscription = this.#all.get(id);
    if (subscription) this.#forget(subscription);
  }

  /** Gets the rows of those that are due. Resolves when each is ready or gone, or is to be asked again. */
  async prepare(): Promise<void> {
    for (const one of [...this.#due]) {
      try {
        if (one.set) continue;
        one.set = this.#live.open(one.spec, one.member.viewer);
        one.set.enter(one);
      } catch (error) {
        this.#drop(one, toFault(error));
      }
    }
    await Promise.all([...this.#due].map(({ set }) => set?.whenReady()));
  }

  /** The rows of all that are due and ready, encoded: they have been told, if what this returns is sent. */
  take(): string[] {
    const parts: string[] = [];
    let chars = [...this.#all.values()].reduce((sum, one) => sum + one.chars, 0);
    for (const one of [...this.#due]) {
      if (!one.set?.ready) continue;
      const text = one.set.take(one);
      if (chars + text.length > this.#live.limits.maxFirstChars) {
        this.#drop(one, new Fault('too_large', 'the rows of these subscriptions are too many together'));
        continue;
      }
      one.chars = text.length;
      chars += one.chars;
      this.#due.delete(one);
      parts.push(encodePart(one.id, 'rows', text));
    }
    return parts;
  }

  /** Nothing is told any more, and no rows are held: all are due. */
  suspend(): void {
    for (const one of this.#all.values()) {
      one.set?.exit(one);
      one.set = undefined;
      one.chars = 0;
      this.#due.add(one);
    }
  }

  #drop(subscription: Subscription, fault: Fault): void {
    if (this.#all.get(subscription.id) !== subscription) return;
    this.#forget(subscription);
    this.#host.dropped(subscription.id, fault);
  }

  #forget(subscription: Subscription): void {
    this.#all.delete(subscription.id);
    this.#due.delete(subscription);
    subscription.set?.exit(subscription);
    subscription.set = undefined;
  }
}

/**
 * The numbers under which requests and channels of followers travel on the leader's connection: far above those that
 * an engine counts from 1, and none ever twice, so what is still under way for a freed one names nobody and is dropped.
 * tab-relay.ts owns it.
 */
import type { ClientMessage } from '../protocol/client-message.ts';

export type NumberKind = 'id' | 'ch';

/** How the server is told that nobody wants it any more. */
export type Ending = Extract<ClientMessage['t'], 'cancel' | 'unsubscribe' | 'close'>;

export interface Numbered<F> {
  readonly follower: F;
  readonly kind: NumberKind;
  /** The follower's. */
  readonly number: number;
  readonly ours: number;
  readonly ending: Ending;
  /** Of a subscription: what it asks for. */
  readonly asked: Extract<ClientMessage, { t: 'subscribe' }> | undefined;
}

const FIRST = { id: 2 ** 40, ch: 2 ** 31 };
/** What a number of ours may add to a text, and to a frame. */
export const MORE_TEXT_BYTES = 16;
export const MORE_BINARY_BYTES = 4;

export class TabNumbers<F extends object> {
  readonly #next = { ...FIRST };
  readonly #byOurs = new Map<number, Numbered<F>>();
  readonly #byTheirs = new Map<F, Record<NumberKind, Map<number, Numbered<F>>>>();

  get size(): number {
    return this.#byOurs.size;
  }

  isEngines(kind: NumberKind, ours: number): boolean {
    return ours < FIRST[kind];
  }

  give(request: Omit<Numbered<F>, 'ours'>): Numbered<F> {
    const { follower, kind, number } = request;
    const numbered = { ...request, ours: this.#next[kind]++ };
    let theirs = this.#byTheirs.get(follower);
    if (!theirs) {
      theirs = { id: new Map(), ch: new Map() };
      this.#byTheirs.set(follower, theirs);
    }
    theirs[kind].set(number, numbered);
    this.#byOurs.set(numbered.ours, numbered);
    return numbered;
  }

  find(follower: F, kind: NumberKind, number: number): Numbered<F> | undefined {
    return this.#byTheirs.get(follower)?.[kind].get(number);
  }

  whose(ours: number): Numbered<F> | undefined {
    return this.#byOurs.get(ours);
  }

  of(follower: F): Numbered<F>[] {
    const theirs = this.#byTheirs.get(follower);
    return theirs ? [...theirs.id.values(), ...theirs.ch.values()] : [];
  }

  free({ follower, kind, number, ours }: Numbered<F>): void {
    this.#byOurs.delete(ours);
    this.#byTheirs.get(follower)?.[kind].delete(number);
  }

  forget(follower: F): void {
    for (const { ours } of this.of(follower)) this.#byOurs.delete(ours);
    this.#byTheirs.delete(follower);
  }
}

/**
 * The numbers under which requests and channels of followers travel on the leader's connection: far above those that
 * an engine counts from 1, and none ever twice, so what is still under way for a freed one names nobody and is dropped.
 * tab-relay.ts owns it.
 */
import type { ClientMessage } from '../protocol/client-message.ts';

export type NumberKind = 'id' | 'ch';

/** What is asked for under a number. */
export type Request = Extract<ClientMessage, { t: 'call' | 'push' | 'watch' | 'subscribe' | 'open' }>;

/** How the server is told that nobody wants it any more. */
const ENDINGS = {
  call: 'cancel',
  push: 'cancel',
  watch: 'unsubscribe',
  subscribe: 'unsubscribe',
  open: 'close',
} as const satisfies Record<Request['t'], ClientMessage['t']>;

export function isRequest(message: ClientMessage): message is Request {
  return Object.hasOwn(ENDINGS, message.t);
}

export interface Numbered<F> {
  readonly follower: F;
  readonly kind: NumberKind;
  /** The follower's. */
  readonly number: number;
  readonly ours: number;
  readonly ending: (typeof ENDINGS)[Request['t']];
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

  isEngines(kind: NumberKind, ours: number): boolean {
    return ours < FIRST[kind];
  }

  /** The follower's number must be free. */
  give(follower: F, message: Request): Numbered<F> {
    const [kind, number] =
      message.t === 'open' ? (['ch', message.ch] as const) : (['id', message.id] as const);
    const asked = message.t === 'subscribe' ? message : undefined;
    const ours = this.#next[kind]++;
    const numbered = { follower, kind, number, ours, ending: ENDINGS[message.t], asked };
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

  /** What names many at once: the engine's entries, and those of each follower under its own numbers. */
  split<T extends { id: number }>(entries: readonly T[]): { own: T[]; theirs: Map<F, T[]> } {
    const own: T[] = [];
    const theirs = new Map<F, T[]>();
    for (const entry of entries) {
      const numbered = this.whose(entry.id);
      if (this.isEngines('id', entry.id)) own.push(entry);
      if (!numbered) continue;
      const list = theirs.get(numbered.follower) ?? [];
      list.push({ ...entry, id: numbered.number });
      theirs.set(numbered.follower, list);
    }
    return { own, theirs };
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

/**
 * `findMatch`: a search for others to play with, over the engine's socket. `joinShard(engine, def, { match })` begins
 * one and joins what it finds.
 *
 *   entering --opened--> gathering, waiting --found--> matched        entering <--connection lost-- gathering, waiting
 *   any --timeout or refused for good--> over                         any --cancel()--> cancelled
 */
import { backoffMs } from '../../src/base/backoff.ts';
import { CODES } from '../../src/base/codes.ts';
import { type Deferred, deferred } from '../../src/base/deferred.ts';
import { Emitter } from '../../src/base/emitter.ts';
import type { Cancel } from '../../src/base/env.ts';
import { Fault } from '../../src/base/fault.ts';
import type { Json } from '../../src/base/json.ts';
import type { ClientChannel, EngineHost } from '../../src/client/channel.ts';
import {
  checkWish,
  decodeNews,
  type Invitation,
  MATCH_CHANNEL,
  type MatchNews,
} from '../core/match-frame.ts';

export interface MatchWish {
  /** The name of the matchmaker. */
  readonly queue: string;
  /** Those who bring one id play together, once there are `size` of them. The id is their secret. */
  readonly party?: { readonly id: string; readonly size: number };
  /** For the matchmaker's `enter`; at most 2048 bytes as JSON. */
  readonly data?: Json;
}

export type MatchState =
  | { readonly name: 'entering' }
  /** So many of the party are there. */
  | { readonly name: 'gathering'; readonly here: number; readonly of: number }
  /** In the queue, with so many players as it was entered. */
  | { readonly name: 'waiting'; readonly players: number }
  | { readonly name: 'matched'; readonly invitation: Invitation }
  /** `timeout`: nobody was found in time. */
  | { readonly name: 'over'; readonly fault: Fault }
  | { readonly name: 'cancelled' };

export interface MatchSearch {
  readonly state: MatchState;
  /** Rejects with Fault `timeout`, `cancelled`, or why the search was refused. */
  readonly found: Promise<Invitation>;
  onState(listener: (state: MatchState) => void): Cancel;
  /** Leaves the queue. Afterwards, or twice, it does nothing. */
  cancel(): void;
}

/** Enters a queue at once, and again when the connection was lost: then he is the last in it. Throws `too_large`. */
export function findMatch(host: EngineHost, wish: MatchWish): MatchSearch {
  checkWish(wish);
  return new Searching(host, wish);
}

const RETRY = { baseMs: 1000, capMs: 30_000 };

class Searching implements MatchSearch {
  readonly #host: EngineHost;
  readonly #wish: MatchWish;
  readonly #found: Deferred<Invitation> = deferred();
  readonly #onState = new Emitter<[MatchState]>();
  #state: MatchState = { name: 'entering' };
  #channel: ClientChannel | undefined;
  #attempt = 0;
  #again: Cancel | undefined;

  constructor(host: EngineHost, wish: MatchWish) {
    this.#host = host;
    this.#wish = wish;
    this.#found.promise.catch(() => {}); // who looks at `state` may not look here
    this.#enter();
  }

  get state(): MatchState {
    return this.#state;
  }

  get found(): Promise<Invitation> {
    return this.#found.promise;
  }

  onState(listener: (state: MatchState) => void): Cancel {
    return this.#onState.on(listener);
  }

  cancel(): void {
    if (this.#isOver) return;
    this.#found.reject(new Fault('cancelled', 'the search was given up'));
    this.#end({ name: 'cancelled' });
  }

  get #isOver(): boolean {
    const { name } = this.#state;
    return name === 'matched' || name === 'over' || name === 'cancelled';
  }

  #enter(): void {
    const { queue, party, data } = this.#wish;
    const params: Json = {
      queue,
      ...(party && { party: { id: party.id, size: party.size } }),
      ...(data !== undefined && { data }),
    };
    this.#channel = this.#host.channels.open(MATCH_CHANNEL, params, {
      opened: () => {
        this.#attempt = 0;
      },
      frame: (payload) => this.#told(decodeNews(payload)),
      lost: () => {
        if (!this.#isOver) this.#to({ name: 'entering' });
      },
      closed: (fault) => this.#closed(fault),
    });
  }

  #told(news: MatchNews): void {
    if (this.#isOver) return;
    switch (news.t) {
      case 'gathering':
        return this.#to({ name: 'gathering', here: news.here, of: news.of });
      case 'waiting':
        return this.#to({ name: 'waiting', players: news.players });
      case 'matched': {
        const { t: _, ...invitation } = news;
        this.#found.resolve(invitation);
        this.#end({ name: 'matched', invitation });
      }
    }
  }

  #closed(fault: Fault): void {
    if (this.#isOver) return;
    const { retry } = CODES[fault.code];
    if (fault.code === 'timeout' || (retry !== 'backoff' && retry !== 'now')) {
      this.#found.reject(fault);
      return this.#end({ name: 'over', fault });
    }
    const { clock, random } = this.#host.env;
    this.#again = clock.after(backoffMs(this.#attempt++, random, RETRY), () => this.#enter());
    this.#to({ name: 'entering' });
  }

  #end(state: MatchState): void {
    this.#again?.();
    this.#channel?.close();
    this.#to(state);
  }

  #to(state: MatchState): void {
    this.#state = state;
    this.#onState.emit(state);
  }
}

/**
 * Players on their way from one shard to another. His page is told where to, with a ticket; it joins there while he
 * still is here. Used by `ref.transfer`; shard-channel.ts says who is where, and who has arrived.
 * [T12] His seat is given up when he has taken the other one, and not before: he always has a seat. Who does not
 * come in time stays.
 *
 *   here --begin--> on his way --seat taken there--> there --told so, or his connection is lost--> gone from here
 *                   on his way --transferMs, or the shard there refuses him--> here
 */
import { type Deferred, deferred } from '../../src/base/deferred.ts';
import type { Cancel, Env } from '../../src/base/env.ts';
import { Fault } from '../../src/base/fault.ts';
import type { Json } from '../../src/base/json.ts';
import type { Player } from '../core/player.ts';
import type { HostedShard } from './shard-host.ts';
import type { ShardPlace, Transferring } from './shard-ref.ts';
import type { TicketBook } from './ticket-book.ts';

/** A player's channel, as much as it takes to send him on. */
export interface Traveller {
  readonly shard: HostedShard;
  readonly userId: string | null;
  /** His entity; 0 without one. */
  readonly entity: number;
  /** False: his lane is full. */
  tell(to: { shard: string; id: string; ticket: string }): boolean;
  /** He plays elsewhere now. */
  gone(): void;
}

interface Journey {
  /** He may be on another channel by now. */
  readonly who: Pick<Traveller, 'shard' | 'userId' | 'entity'>;
  readonly arrived: Deferred<void>;
  readonly cancel: Cancel;
}

export class Transfers implements Transferring {
  readonly #env: Env;
  readonly #tickets: TicketBook;
  readonly #transferMs: number;
  readonly #here = new Set<Traveller>();
  /** By ticket. */
  readonly #journeys = new Map<string, Journey>();

  constructor(env: Env, tickets: TicketBook, transferMs: number) {
    this.#env = env;
    this.#tickets = tickets;
    this.#transferMs = transferMs;
  }

  /** A player has a channel. */
  came(traveller: Traveller): void {
    this.#here.add(traveller);
  }

  /** His channel is closed. */
  went(traveller: Traveller): void {
    this.#here.delete(traveller);
  }

  /** Those who are on their way stay where they are. */
  close(): void {
    for (const { arrived, cancel } of this.#journeys.values()) {
      cancel();
      arrived.reject(new Fault('unavailable', 'the server is about to end'));
    }
    this.#journeys.clear();
  }

  async begin(
    from: HostedShard,
    { userId, entityId }: Player,
    { to, data }: { to: ShardPlace; data: Json | undefined },
  ): Promise<void> {
    const who = { shard: from, userId, entity: entityId };
    const traveller = this.#find(who);
    if (!traveller) throw new Fault('unavailable', 'the player is not connected');
    for (const journey of this.#journeys.values())
      if (this.#find(journey.who) === traveller)
        throw new Fault('conflict', 'the player is on his way already');
    const whose = userId === null ? ({ bearer: true } as const) : { userId };
    const wish = { ...whose, expiresMs: this.#transferMs, ...(data !== undefined && { data }) };
    const ticket = this.#tickets.issue(to.def, to.id, wish);
    if (!traveller.tell({ shard: to.def.name, id: to.id, ticket }))
      throw new Fault('overloaded', 'the player reads too slowly');
    const arrived = deferred<void>();
    const cancel = this.#env.clock.after(this.#transferMs, () => {
      this.#journeys.delete(ticket);
      arrived.reject(new Fault('timeout', 'the player has not come'));
    });
    this.#journeys.set(ticket, { who, arrived, cancel });
    return arrived.promise;
  }

  /** A seat was taken with this ticket. Call what it gives once he knows, or his channel is closed. */
  taken(ticket: string | undefined): (() => void) | undefined {
    const journey = ticket === undefined ? undefined : this.#journeys.get(ticket);
    if (!journey) return undefined;
    this.#journeys.delete(ticket!);
    journey.cancel();
    return () => {
      this.#find(journey.who)?.gone();
      journey.arrived.resolve();
    };
  }

  #find({ shard, userId, entity }: Journey['who']): Traveller | undefined {
    for (const each of this.#here) {
      if (each.shard === shard && each.userId === userId && each.entity === entity) return each;
    }
    return undefined;
  }
}

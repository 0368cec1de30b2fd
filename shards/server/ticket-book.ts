/**
 * Makes tickets and takes them: the server's key, and which tickets were used. Both are kept in the database, so a
 * restart neither voids a ticket nor lets one be used again.
 * [T10] A ticket lets one player in once. It is spent before his join is answered, and given back when the join
 * fails; who has a seat returns to it without.  [P5] Neither key nor ticket is ever logged.
 */
import type { Env } from '../../src/base/env.ts';
import { Fault } from '../../src/base/fault.ts';
import { newId } from '../../src/base/id.ts';
import type { Json } from '../../src/base/json.ts';
import type { Store } from '../../src/store/store.ts';
import type { AnyShardDef } from '../core/define-shard.ts';
import type { ShardsOptions } from './options.ts';
import { readTicket, signTicket, type TicketClaims } from './ticket.ts';

/** For whom a ticket is, and for how long. */
export type TicketWish = ({ readonly userId: string } | { readonly bearer: true }) & {
  /** Told to `authorize` and, as `player.ticket`, to the shard: a team, a table. At most 2048 bytes as JSON. */
  readonly data?: Json;
  /** Default: the option `ticketMs`. */
  readonly expiresMs?: number;
  /** Default `player`. */
  readonly role?: 'player' | 'spectator';
};

/** A ticket that was brought to a join. */
export interface Brought {
  readonly claims: TicketClaims;
  /** False: it was used or is over. It may still name a seat to return to. */
  readonly fresh: boolean;
}

/** A ticket that is being used. */
export interface Spending {
  /** The join has succeeded; resolves when the ticket will not be taken again, whatever happens. */
  keep(): Promise<void>;
  /** The join has failed: the ticket is as before. */
  giveBack(): void;
}

export const TICKET_TABLES = [
  'CREATE TABLE IF NOT EXISTS _shard_ticket_key (id INTEGER PRIMARY KEY, key BLOB NOT NULL) STRICT',
  'CREATE TABLE IF NOT EXISTS _shard_tickets (id TEXT PRIMARY KEY, expires INTEGER NOT NULL) STRICT, WITHOUT ROWID',
  'CREATE INDEX IF NOT EXISTS _shard_tickets_expires ON _shard_tickets (expires)',
];

/** Used tickets are forgotten so many at a time. */
const FORGET_BATCH = 100;

export class TicketBook {
  readonly #env: Env;
  readonly #store: Store;
  readonly #options: ShardsOptions;
  /** When those that were used are over, by their ids, and in order of their use. */
  readonly #used = new Map<string, number>();
  #key: Uint8Array | undefined;

  constructor(env: Env, store: Store, options: ShardsOptions) {
    this.#env = env;
    this.#store = store;
    this.#options = options;
    if (options.ticketSecret !== undefined) this.#key = Buffer.from(options.ticketSecret, 'utf8');
  }

  async start(): Promise<void> {
    const fresh = this.#key ? undefined : this.#env.random.fill(new Uint8Array(32));
    const { value } = await this.#store.write(async ({ tx }) => {
      if (fresh) await tx.run('INSERT OR IGNORE INTO _shard_ticket_key (id, key) VALUES (1, ?)', [fresh]);
      const keys = await tx.all('SELECT key FROM _shard_ticket_key WHERE id = 1');
      const used = await tx.all('SELECT id, expires FROM _shard_tickets WHERE expires > ? ORDER BY expires', [
        this.#env.clock.now(),
      ]);
      return { keys, used };
    });
    this.#key ??= value.keys[0]?.key as Uint8Array;
    for (const { id, expires } of value.used) this.#used.set(String(id), Number(expires));
  }

  /** Used tickets that are remembered. */
  get used(): number {
    return this.#used.size;
  }

  /** Throws Fault `invalid` for a time that is none, `too_large` for too much data, `unavailable` before the start. */
  issue(def: AnyShardDef, shardId: string, wish: TicketWish): string {
    const { data, expiresMs = this.#options.ticketMs, role = 'player' } = wish;
    if (!(expiresMs > 0 && expiresMs <= this.#options.maxTicketMs))
      throw new Fault(
        'invalid',
        `a ticket for ${expiresMs} ms: more than 0, at most ${this.#options.maxTicketMs}`,
      );
    const claims: TicketClaims = {
      id: newId(this.#env),
      shard: def.name,
      at: shardId,
      user: 'userId' in wish ? wish.userId : null,
      role,
      ...(data !== undefined && { data }),
      exp: Math.ceil(this.#env.clock.now() + expiresMs),
    };
    return signTicket(claims, this.#signingKey());
  }

  /** Throws Fault `forbidden` for what is no ticket of this user into this shard; no more is told. */
  read(text: string, to: { def: AnyShardDef; id: string; userId: string | null }): Brought {
    const claims = readTicket(text, this.#signingKey());
    const fits = claims?.shard === to.def.name && claims.at === to.id;
    if (!fits || (claims.user !== null && claims.user !== to.userId))
      throw new Fault('forbidden', 'a bad ticket');
    return { claims, fresh: claims.exp > this.#env.clock.now() && !this.#used.has(claims.id) };
  }

  /** Whether one of ours could still be used. */
  isOpen(text: string): boolean {
    const claims = readTicket(text, this.#signingKey());
    return claims !== undefined && claims.exp > this.#env.clock.now() && !this.#used.has(claims.id);
  }

  /** From now on nobody else can use it. Throws Fault `forbidden` when somebody has, `overloaded` over the limit. */
  spend({ id, exp }: TicketClaims): Spending {
    this.#forget();
    if (this.#used.has(id) || exp <= this.#env.clock.now()) throw new Fault('forbidden', 'a used ticket');
    if (this.#used.size >= this.#options.maxUsedTickets)
      throw new Fault('overloaded', 'too many tickets were used lately');
    this.#used.set(id, exp);
    return {
      keep: async () => {
        const now = this.#env.clock.now();
        await this.#store.write(async ({ tx }) => {
          await tx.run('DELETE FROM _shard_tickets WHERE expires <= ?', [now]);
          await tx.run('INSERT OR IGNORE INTO _shard_tickets (id, expires) VALUES (?, ?)', [id, exp]);
        });
      },
      giveBack: () => void this.#used.delete(id),
    };
  }

  /** Of those that are over: they would not be taken anyway. */
  #forget(): void {
    const now = this.#env.clock.now();
    let looked = 0;
    for (const [id, exp] of this.#used) {
      const isFull = this.#used.size >= this.#options.maxUsedTickets;
      if (!isFull && looked++ >= FORGET_BATCH) return;
      if (exp <= now) this.#used.delete(id);
    }
  }

  #signingKey(): Uint8Array {
    if (!this.#key) throw new Fault('unavailable', 'the server has not started');
    return this.#key;
  }
}

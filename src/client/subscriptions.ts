/**
 * The rows of entities that are not part of the replica: one subscription for each different query that
 * somebody listens to, sent again on each connection, and kept for a while when the last listener has left.
 * A row is held while a subscription has it, in memory alone: its cursor is that of the connection.
 * RowStore applies its parts inside the batch that brings them. [S2] [S8]
 *
 *   pending --rows--> told --connection lost--> stale --rows--> told      any --dropped--> refused
 *   any --unused for LINGER_MS--> gone      any --another owner, nothing held--> pending
 */
import type { Cancel, Env } from '../base/env.ts';
import type { Fault } from '../base/fault.ts';
import { canonicalJson, type Json, type JsonObject } from '../base/json.ts';
import type { ClientMessage } from '../protocol/client-message.ts';
import type { SubscriptionPart } from '../protocol/row-batch.ts';
import type { TypedSpec } from '../schema/match.ts';
import type { RowTables } from './row-tables.ts';
import type { RowView } from './row-view.ts';

/** `replicated`: it is the replica that knows the entity. `unlisted`: no server has said yet which it is. */
export type SubscriptionState =
  | { readonly name: 'replicated' | 'unlisted' | 'pending' | 'stale' | 'told' }
  | { readonly name: 'refused'; readonly fault: Fault };

export interface SubscriptionsDeps {
  readonly env: Env;
  readonly tables: RowTables;
  readonly view: RowView;
  nextId(): number;
  /** False: there is no connection; all are sent when there is one. */
  sendRaw(text: string): boolean;
}

/** So that a page that is left and entered again does not ask twice. */
export const LINGER_MS = 5000;

interface Subscription {
  id: number;
  readonly key: string;
  readonly query: JsonObject;
  readonly entity: string;
  readonly rows: Set<string>;
  users: number;
  linger: Cancel | undefined;
  state:
    | Exclude<SubscriptionState, { name: 'replicated' | 'unlisted' }>
    | { name: 'pending' | 'stale' | 'told' };
}

interface Held {
  row: JsonObject;
  readonly by: Set<Subscription>;
}

export class Subscriptions {
  readonly #deps: SubscriptionsDeps;
  readonly #byKey = new Map<string, Subscription>();
  readonly #byId = new Map<number, Subscription>();
  readonly #held = new Map<string, Map<string, Held>>();
  #queried: ReadonlySet<string> | undefined;

  /** `queried`: entities whose rows come by subscription, if that is known before a server says it. */
  constructor(deps: SubscriptionsDeps, queried: Iterable<string> | undefined) {
    this.#deps = deps;
    this.#queried = queried && new Set(queried);
  }

  state({ entity, ...spec }: TypedSpec): SubscriptionState {
    if (!this.#queried) return { name: 'unlisted' };
    if (!this.#queried.has(entity)) return { name: 'replicated' };
    const state = this.#byKey.get(keyOf({ entity, ...spec }))?.state ?? { name: 'pending' };
    // Rows of before may match this query, too, and be no longer so.
    if (state.name === 'told' && this.#isStale(entity)) return { name: 'stale' };
    return state;
  }

  /** Asks for the rows of a query until the returned function is called. */
  hold(spec: TypedSpec): Cancel {
    const key = keyOf(spec);
    let one = this.#byKey.get(key);
    if (!one) {
      one = this.#make(key, spec);
      this.#send(one);
    }
    one.linger?.();
    one.linger = undefined;
    one.users++;
    const held = one;
    let over = false;
    return () => {
      if (over) return;
      over = true;
      if (--held.users > 0 || this.#byKey.get(key) !== held) return;
      held.linger = this.#deps.env.clock.after(LINGER_MS, () => this.#remove(held));
    };
  }

  /** A connection is ready. Inside a change of the view. */
  connected(queried: readonly string[]): void {
    this.#queried = new Set(queried);
    for (const one of this.#byKey.values()) {
      if (one.state.name === 'refused') one.state = { name: 'pending' };
      this.#send(one);
    }
    this.#deps.view.stir();
  }

  /** Whether a row of an earlier visit, when its entity was part of the replica, is to be forgotten. */
  isForeign(entity: string, id: string): boolean {
    return this.#queried?.has(entity) === true && !this.#held.get(entity)?.has(id);
  }

  lost(): void {
    for (const one of this.#byKey.values()) if (one.state.name === 'told') one.state = { name: 'stale' };
    this.#deps.view.change(() => this.#deps.view.stir());
  }

  /** What a batch brings. Inside a change of the view. */
  apply(parts: readonly SubscriptionPart[]): void {
    for (const { id, rows, ops = [] } of parts) {
      const one = this.#byId.get(id);
      if (!one || one.state.name === 'refused') continue; // it has ended meanwhile
      if (rows) {
        const gone = new Set(one.rows);
        for (const { row_id, data } of rows) {
          gone.delete(row_id);
          this.#put(one, row_id, data);
        }
        for (const rowId of gone) this.#drop(one, rowId);
        one.state = { name: 'told' };
        this.#deps.view.stir();
      }
      for (const { row_id, kind, data } of ops) {
        if (kind === 'delete' || !data) this.#drop(one, row_id);
        else this.#put(one, row_id, data);
      }
    }
  }

  /** The tables have been replaced by a copy, which has none of these rows. Inside a change of the view. */
  restore(): void {
    for (const [entity, rows] of this.#held) {
      for (const [id, { row }] of rows) {
        this.#deps.view.touch(entity, id);
        this.#deps.tables.set(entity, id, row);
      }
    }
  }

  /** The server refused one, or ended it. */
  dropped(id: number, fault: Fault): void {
    const one = this.#byId.get(id);
    if (!one) return;
    this.#deps.view.change(() => {
      this.#empty(one);
      one.state = { name: 'refused', fault };
      this.#deps.view.stir();
    });
  }

  /**
   * Another owner, and the tables are empty. [S8] The server tells the rows of the new one by itself; what it
   * refused the former one is asked for again. Inside a change of the view.
   */
  clear(): void {
    this.#held.clear();
    for (const one of this.#byKey.values()) {
      one.rows.clear();
      const refused = one.state.name === 'refused';
      one.state = { name: 'pending' };
      if (!refused) continue;
      this.#byId.delete(one.id);
      one.id = this.#deps.nextId();
      this.#byId.set(one.id, one);
      this.#send(one);
    }
  }

  close(): void {
    for (const one of this.#byKey.values()) one.linger?.();
  }

  #make(key: string, spec: TypedSpec): Subscription {
    const one: Subscription = {
      id: this.#deps.nextId(),
      key,
      query: queryOf(spec),
      entity: spec.entity,
      rows: new Set(),
      users: 0,
      linger: undefined,
      state: { name: 'pending' },
    };
    this.#byKey.set(key, one);
    this.#byId.set(one.id, one);
    return one;
  }

  #send({ id, entity, query }: Subscription): void {
    if (this.#queried?.has(entity)) this.#say({ t: 'subscribe', id, query });
  }

  #say(message: ClientMessage): void {
    this.#deps.sendRaw(JSON.stringify(message));
  }

  #remove(one: Subscription): void {
    this.#byKey.delete(one.key);
    this.#byId.delete(one.id);
    if (this.#queried?.has(one.entity)) this.#say({ t: 'unsubscribe', id: one.id });
    this.#deps.view.change(() => {
      this.#empty(one);
      if (one.state.name === 'stale') this.#deps.view.stir();
    });
  }

  #isStale(entity: string): boolean {
    for (const one of this.#byKey.values())
      if (one.entity === entity && one.state.name === 'stale') return true;
    return false;
  }

  #put(one: Subscription, id: string, data: JsonObject): void {
    const row = data.id === id ? data : { ...data, id };
    let rows = this.#held.get(one.entity);
    if (!rows) {
      rows = new Map();
      this.#held.set(one.entity, rows);
    }
    const held = rows.get(id);
    if (held) {
      held.row = row;
      held.by.add(one);
    } else rows.set(id, { row, by: new Set([one]) });
    one.rows.add(id);
    this.#deps.view.touch(one.entity, id);
    this.#deps.tables.set(one.entity, id, row);
  }

  #drop(one: Subscription, id: string): void {
    if (!one.rows.delete(id)) return;
    const rows = this.#held.get(one.entity);
    const held = rows?.get(id);
    if (!rows || !held?.by.delete(one) || held.by.size > 0) return;
    rows.delete(id);
    this.#deps.view.touch(one.entity, id);
    this.#deps.tables.delete(one.entity, id);
  }

  #empty(one: Subscription): void {
    for (const id of [...one.rows]) this.#drop(one, id);
  }
}

/** Without a limit the order does not tell which rows there are. */
function queryOf({ entity, where, range, filter, orderBy, limit }: TypedSpec): JsonObject {
  const query = { entity, where, range, filter, ...(limit !== undefined && { orderBy, limit }) };
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined)) as JsonObject;
}

function keyOf(spec: TypedSpec): string {
  return canonicalJson(queryOf(spec) as Json);
}

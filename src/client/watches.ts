/**
 * Queries that the server runs again when what they read changes. Equal ones share one watch; one that nobody
 * listens to lingers a little, for whoever comes back at once. SyncEngine owns it.
 *
 * [Q2] an `answer` is applied as a whole before anybody is told of it.  [S8] nothing of an identity is left when
 * another one comes: all is asked anew.  Each time a watch is asked for it gets a number of its own, so that what
 * was under way for an earlier one is known for that.
 */
import type { Cancel, Env } from '../base/env.ts';
import { Fault } from '../base/fault.ts';
import { canonicalJson, type Json } from '../base/json.ts';
import { Refcount } from '../base/refcount.ts';
import { applyPatch, share } from '../protocol/json-patch.ts';
import { DEFAULT_LIMITS, type Limits } from '../protocol/limits.ts';
import type { AnswerEntry } from '../protocol/server-message.ts';
import { Listeners } from './listeners.ts';
import { fits, nesting } from './message-size.ts';
import type { Answer, Dropped } from './server-text.ts';
import type { WatchState } from './watch-state.ts';

/** How long a watch outlives its last listener. */
export const WATCH_LINGER_MS = 2000;

export interface WatchesHost {
  /** A number that was not used on this connection. */
  nextId(): number;
  sendRaw(text: string): boolean;
}

interface Watch {
  readonly key: string;
  readonly fn: string;
  readonly args: Json;
  readonly listeners: Listeners<[WatchState<Json>]>;
  readonly users: Refcount;
  state: WatchState<Json>;
  /** Under which the server knows it; undefined: it does not. */
  id: number | undefined;
}

const PENDING: WatchState<Json> = { name: 'pending' };

export class Watches {
  readonly #env: Env;
  readonly #host: WatchesHost;
  readonly #watches = new Map<string, Watch>();
  readonly #byId = new Map<number, Watch>();
  #limits: Limits = DEFAULT_LIMITS;
  #gate: 'offline' | 'online' | 'held' = 'offline';
  /** Answers are those of an identity that comes and goes while the gate is held. */
  #isForeign = false;
  #end: Fault | undefined;

  constructor(env: Env, host: WatchesHost) {
    this.#env = env;
    this.#host = host;
  }

  get size(): number {
    return this.#watches.size;
  }

  /** `listener` is told the state at once, and then whenever it changes. */
  watch(fn: string, args: Json, listener: (state: WatchState<Json>) => void): Cancel {
    const key = canonicalJson([fn, args]);
    let watch = this.#watches.get(key);
    if (!watch) {
      watch = this.#make(key, fn, args);
      this.#watches.set(key, watch);
      if (this.#gate === 'online') this.#ask(watch);
    }
    const release = watch.users.acquire();
    const unlisten = watch.listeners.on(listener);
    const first = new Listeners<[WatchState<Json>]>(this.#env.log);
    first.on(listener);
    first.emit(watch.state);
    return () => {
      unlisten();
      release();
    };
  }

  connected(limits: Limits): void {
    this.#limits = limits;
    this.#gate = 'online';
    this.#isForeign = false;
    this.#askAll();
  }

  lost(): void {
    this.#gate = 'offline';
    this.#byId.clear();
    this.#change(
      [...this.#watches.values()].map((watch) => {
        watch.id = undefined;
        const { state } = watch;
        return [watch, state.name === 'value' ? { ...state, complete: false } : state];
      }),
    );
  }

  /** A new token is on its way: what is watched from now on is for the identity that it stands for. */
  hold(): void {
    if (this.#gate === 'online') this.#gate = 'held';
  }

  /** The server speaks to an identity that is not the one to come: what it answers is not for us. */
  ignore(): void {
    if (this.#gate === 'held') this.#isForeign = true;
  }

  release(): void {
    if (this.#gate !== 'held') return;
    this.#gate = 'online';
    if (this.#isForeign) for (const watch of this.#watches.values()) this.#forget(watch);
    this.#isForeign = false;
    this.#askAll();
  }

  /** Forgets every value; what is watched stays so. [S8] */
  empty(): void {
    this.#change([...this.#watches.values()].map((watch) => [watch, PENDING]));
  }

  /** Throws `bad_message` for a patch that does not fit. */
  answer({ answers }: Answer): void {
    if (this.#isForeign) return;
    const changes: [Watch, WatchState<Json>][] = [];
    for (const entry of answers) {
      const watch = this.#byId.get(entry.id);
      if (watch) changes.push([watch, stateOf(entry, watch.state)]);
    }
    this.#change(changes);
  }

  /** The server does not answer this any more. It is asked again with the next connection or identity. */
  dropped({ id, error }: Dropped): void {
    const watch = this.#byId.get(id);
    if (!watch) return;
    this.#byId.delete(id);
    watch.id = undefined;
    if (!this.#isForeign) this.#change([[watch, failed(Fault.fromJSON(error), watch.state)]]);
  }

  close(fault: Fault): void {
    this.#end ??= fault;
    this.#gate = 'offline';
    this.#byId.clear();
    for (const watch of this.#watches.values()) {
      watch.users.close();
      watch.id = undefined;
    }
    this.#change([...this.#watches.values()].map((watch) => [watch, failed(fault, watch.state)]));
    this.#watches.clear();
  }

  #make(key: string, fn: string, args: Json): Watch {
    const watch: Watch = {
      key,
      fn,
      args,
      listeners: new Listeners(this.#env.log),
      users: new Refcount(this.#env.clock, WATCH_LINGER_MS, () => this.#ended(watch)),
      state: this.#end ? { name: 'error', fault: this.#end } : PENDING,
      id: undefined,
    };
    return watch;
  }

  #ended(watch: Watch): void {
    this.#watches.delete(watch.key);
    this.#forget(watch);
  }

  #askAll(): void {
    for (const watch of this.#watches.values()) if (watch.id === undefined) this.#ask(watch);
  }

  #ask(watch: Watch): void {
    const { fn, args } = watch;
    const id = this.#host.nextId();
    const text = JSON.stringify({ t: 'watch', id, fn, args });
    const { textBytes, jsonDepth } = this.#limits;
    // It would cost the whole connection.
    if (!fits(text, textBytes) || nesting(args) + 1 > jsonDepth) {
      const fault = new Fault('too_large', `${fn}: arguments too large or too deep to be sent`);
      return this.#change([[watch, failed(fault, watch.state)]]);
    }
    if (!this.#host.sendRaw(text)) return;
    watch.id = id;
    this.#byId.set(id, watch);
  }

  #forget(watch: Watch): void {
    const { id } = watch;
    watch.id = undefined;
    if (id === undefined || !this.#byId.delete(id)) return;
    this.#host.sendRaw(JSON.stringify({ t: 'unsubscribe', id }));
  }

  /** All first, then the listeners. */
  #change(changes: readonly (readonly [Watch, WatchState<Json>])[]): void {
    const told: Watch[] = [];
    for (const [watch, state] of changes) {
      if (isSame(watch.state, state)) continue;
      watch.state = state;
      told.push(watch);
    }
    for (const watch of told) watch.listeners.emit(watch.state);
  }
}

function stateOf({ value, patch, error }: AnswerEntry, state: WatchState<Json>): WatchState<Json> {
  if (error) return failed(Fault.fromJSON(error), state);
  const before = 'value' in state ? state.value : undefined;
  if (patch) {
    if (before === undefined) throw new Fault('bad_message', 'a patch of nothing');
    return { name: 'value', value: applyPatch(before, patch), complete: true };
  }
  if (value === undefined) throw new Fault('bad_message', 'an answer without a value');
  return { name: 'value', value: before === undefined ? value : share(before, value), complete: true };
}

function failed(fault: Fault, state: WatchState<Json>): WatchState<Json> {
  return 'value' in state ? { name: 'error', fault, value: state.value! } : { name: 'error', fault };
}

function isSame(a: WatchState<Json>, b: WatchState<Json>): boolean {
  if (a === b) return true;
  if (a.name === 'pending' || b.name === 'pending') return a.name === b.name;
  return a.name === 'value' && b.name === 'value' && a.value === b.value && a.complete === b.complete;
}

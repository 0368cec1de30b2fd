/**
 * A QuerySpec over the merged rows, kept up to date: the result is the same array until a row in it, or its
 * order, changes. It listens only while somebody listens to it, so one that is merely made costs nothing.
 *
 * Of an entity that is not part of the replica it subscribes to the rows meanwhile, and finds its result among
 * all rows of the entity that are held. That is exact, limits included: all held rows are of one moment; what
 * the server sent for this query is among them, and any other row that matches comes after its limit.
 */
import type { Cancel, Log } from '../base/env.ts';
import type { Fault } from '../base/fault.ts';
import type { JsonObject } from '../base/json.ts';
import { compareRows, matches, select, type TypedSpec } from '../schema/match.ts';
import { Listeners } from './listeners.ts';
import type { RowChange, RowView } from './row-view.ts';
import type { Subscriptions } from './subscriptions.ts';

export interface QueryResult<R> {
  /** Undefined while nothing is known. */
  readonly data: readonly R[] | undefined;
  /** The server has confirmed the rows at least once. */
  readonly complete: boolean;
  /** The server refused the rows, or ended the subscription. */
  readonly error?: Fault;
}

/** What a query needs of a replica. */
export interface LiveQueryDeps {
  readonly view: RowView;
  readonly subscriptions: Pick<Subscriptions, 'state' | 'hold'>;
}

/** Above this share of the result, sorting anew is cheaper than mending. */
const MEND_SHARE = 8;

export class LiveQuery<R = JsonObject> {
  readonly #view: RowView;
  readonly #subscriptions: LiveQueryDeps['subscriptions'];
  readonly #spec: TypedSpec;
  readonly #changed: Listeners<[QueryResult<R>]>;
  /** All that match, in order, beyond the limit too. */
  #matching: JsonObject[] = [];
  #byId = new Map<string, JsonObject>();
  #result: QueryResult<R> = { data: undefined, complete: false };
  /** What the listeners know; `result` may be ahead of it when somebody reads it during a change. */
  #told = this.#result;
  /** Of the view when the result was made; -1: never. */
  #version = -1;
  #unlisten: Cancel | undefined;
  #release: Cancel | undefined;

  constructor({ view, subscriptions }: LiveQueryDeps, spec: TypedSpec, log: Log) {
    this.#changed = new Listeners(log);
    this.#view = view;
    this.#subscriptions = subscriptions;
    this.#spec = spec;
  }

  get data(): readonly R[] | undefined {
    return this.result.data;
  }

  get complete(): boolean {
    return this.result.complete;
  }

  /** Why there are no rows, or none any more. */
  get error(): Fault | undefined {
    return this.result.error;
  }

  /** All at once; the same object until one of them changes. */
  get result(): QueryResult<R> {
    if (this.#version !== this.#view.version) this.#refresh(undefined);
    return this.#result;
  }

  subscribe(listener: (result: QueryResult<R>) => void): Cancel {
    const cancel = this.#changed.on(listener);
    if (!this.#unlisten) {
      this.#release = this.#subscriptions.hold(this.#spec);
      this.#told = this.result;
      this.#unlisten = this.#view.subscribe((change) => this.#follow(change));
    }
    return () => {
      cancel();
      if (this.#changed.size === 0) this.#detach();
    };
  }

  /** Ends all subscriptions. */
  close(): void {
    this.#changed.clear();
    this.#detach();
  }

  #detach(): void {
    this.#unlisten?.();
    this.#unlisten = undefined;
    this.#release?.();
    this.#release = undefined;
  }

  #follow(change: RowChange): void {
    if (this.#version === this.#view.version - 1) this.#refresh(change.get(this.#spec.entity) ?? new Set());
    const { result } = this;
    if (result === this.#told) return;
    this.#told = result;
    this.#changed.emit(result);
  }

  /** `ids`: what may have changed since the last time; undefined: anything. */
  #refresh(ids: ReadonlySet<string> | undefined): void {
    this.#version = this.#view.version;
    const { known, complete, error } = this.#standing();
    const found = ids && this.#result.data ? this.#mend(ids) : this.#select();
    const { limit } = this.#spec;
    const cut = limit === undefined ? found : found.slice(0, limit);
    const old = this.#result.data as readonly JsonObject[] | undefined;
    let data: readonly JsonObject[] | undefined = old && sameItems(old, cut) ? old : cut;
    if (!known && data.length === 0) data = undefined;
    if (data === old && complete === this.#result.complete && error === this.#result.error) return;
    this.#result = { data: data as readonly R[] | undefined, complete, ...(error && { error }) };
  }

  /** Whether finding no row means that there is none, and whether the server has said so. */
  #standing(): { known: boolean; complete: boolean; error?: Fault } {
    const state = this.#subscriptions.state(this.#spec);
    switch (state.name) {
      case 'replicated':
        return { known: this.#view.knowledge !== 'unknown', complete: this.#view.knowledge === 'complete' };
      case 'refused':
        return { known: false, complete: false, error: state.fault };
      default:
        return { known: state.name === 'told' || state.name === 'stale', complete: state.name === 'told' };
    }
  }

  #select(): JsonObject[] {
    const { limit: _, ...spec } = this.#spec;
    this.#matching = select(spec, this.#view.list(spec.entity));
    this.#byId = new Map(this.#matching.map((row) => [row.id as string, row]));
    return this.#matching;
  }

  /** Takes changed rows out and puts them in where they belong now. */
  #mend(ids: ReadonlySet<string>): JsonObject[] {
    const moves: [string, JsonObject | undefined, JsonObject | undefined][] = [];
    for (const id of ids) {
      const before = this.#byId.get(id);
      const row = this.#view.get(this.#spec.entity, id);
      const after = row && matches(this.#spec, row) ? row : undefined;
      if (before !== after) moves.push([id, before, after]);
    }
    if (moves.length === 0) return this.#matching;
    if (moves.length > 8 + this.#matching.length / MEND_SHARE) return this.#select();
    const rows = [...this.#matching];
    for (const [id, before, after] of moves) {
      if (before) rows.splice(this.#place(rows, before), 1);
      if (after) rows.splice(this.#place(rows, after), 0, after);
      if (after) this.#byId.set(id, after);
      else this.#byId.delete(id);
    }
    this.#matching = rows;
    return rows;
  }

  /** The first index whose row is not before `row`; the order is total, so a row in the list is found. */
  #place(rows: readonly JsonObject[], row: JsonObject): number {
    let [low, high] = [0, rows.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareRows(this.#spec, rows[middle]!, row) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function sameItems(a: readonly JsonObject[], b: readonly JsonObject[]): boolean {
  return a.length === b.length && a.every((row, i) => row === b[i]);
}

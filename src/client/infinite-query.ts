/**
 * The first rows of a query, and more of them on demand: `engine.createInfiniteQuery`. It is one window that
 * grows, never pages put together, so rows that move between the calls leave neither gap nor duplicate. [Q5]
 * One row more than shown is asked for: it says whether there are more. While another window is on its way the
 * one before stays, and stays live.
 */
import type { Cancel, Log } from '../base/env.ts';
import { Fault } from '../base/fault.ts';
import type { QuerySpec } from '../schema/query-spec.ts';
import { MAX_PAGE_ROWS } from '../schema/validator.ts';
import { Listeners } from './listeners.ts';
import type { LiveQuery, QueryResult } from './live-query.ts';

/** Rows that one infinite query shows, at most. */
export const MAX_INFINITE_ROWS = 50_000;

export interface InfiniteOptions extends Omit<QuerySpec, 'entity' | 'limit'> {
  /** Rows of the first page, and of each one more: 1..MAX_PAGE_ROWS. */
  readonly pageSize: number;
}

export interface InfiniteResult<R> extends QueryResult<R> {
  /** Rows come behind those in `data`. */
  readonly hasMore: boolean;
  /** Another window, asked for by `loadMore` or `reset`, is not here yet. */
  readonly loading: boolean;
}

/** `size`: how many rows of `query` are shown. */
interface Window<R> {
  readonly query: Pick<LiveQuery<R>, 'result' | 'subscribe'>;
  readonly size: number;
}

export class InfiniteQuery<R> {
  readonly #open: (limit: number) => Window<R>['query'];
  readonly #pageSize: number;
  readonly #changed: Listeners<[InfiniteResult<R>]>;
  #shown: Window<R>;
  #next: Window<R> | undefined;
  #result: InfiniteResult<R> = { data: undefined, complete: false, hasMore: false, loading: false };
  /** What the listeners know. */
  #told = this.#result;
  #unlisten: Cancel[] = [];

  /** `open` gives the query with a limit. Throws `invalid` for a page size not in 1..MAX_PAGE_ROWS. */
  constructor(log: Log, open: (limit: number) => Window<R>['query'], pageSize: number) {
    if (!Number.isInteger(pageSize) || pageSize < 1 || pageSize > MAX_PAGE_ROWS)
      throw new Fault('invalid', `pageSize is a whole number in 1..${MAX_PAGE_ROWS}`);
    this.#changed = new Listeners(log);
    this.#open = open;
    this.#pageSize = pageSize;
    this.#shown = this.#window(pageSize);
  }

  get data(): readonly R[] | undefined {
    return this.result.data;
  }

  get complete(): boolean {
    return this.result.complete;
  }

  get hasMore(): boolean {
    return this.result.hasMore;
  }

  /** The same object until something in it changes. */
  get result(): InfiniteResult<R> {
    this.#refresh();
    return this.#result;
  }

  subscribe(listener: (result: InfiniteResult<R>) => void): Cancel {
    const cancel = this.#changed.on(listener);
    if (this.#changed.size === 1) {
      this.#listen();
      this.#told = this.result;
    }
    return () => {
      cancel();
      if (this.#changed.size === 0) this.#detach();
    };
  }

  /** Shows a page more. Does nothing while one is on its way, or without more. Throws `too_large` at the limit. */
  loadMore(): void {
    if (!this.result.hasMore || this.#next) return;
    const size = this.#shown.size + this.#pageSize;
    if (size > MAX_INFINITE_ROWS)
      throw new Fault('too_large', `an infinite query shows ${MAX_INFINITE_ROWS} rows at most`);
    this.#next = this.#window(size);
    this.#listen();
    this.#follow();
  }

  /** Back to the first page. */
  reset(): void {
    if (this.#shown.size === this.#pageSize && !this.#next) return;
    this.#next = this.#window(this.#pageSize);
    this.#listen();
    this.#follow();
  }

  /** Ends all subscriptions. */
  close(): void {
    this.#changed.clear();
    this.#detach();
  }

  #window(size: number): Window<R> {
    return { query: this.#open(size + 1), size };
  }

  #listen(): void {
    const before = this.#unlisten;
    this.#unlisten = [];
    if (this.#changed.size > 0) {
      const windows = this.#next ? [this.#shown, this.#next] : [this.#shown];
      this.#unlisten = windows.map(({ query }) => query.subscribe(() => this.#follow()));
    }
    // After the new ones: what both share is not given up in between.
    for (const cancel of before) cancel();
  }

  #detach(): void {
    for (const cancel of this.#unlisten) cancel();
    this.#unlisten = [];
  }

  #follow(): void {
    const { result } = this;
    if (result === this.#told) return;
    this.#told = result;
    this.#changed.emit(result);
  }

  #refresh(): void {
    if (this.#next && arrived(this.#next.query.result, this.#shown.query.result)) {
      this.#shown = this.#next;
      this.#next = undefined;
      this.#listen();
    }
    const { query, size } = this.#shown;
    const { data: rows, complete } = query.result;
    const old = this.#result.data;
    const cut = rows && rows.length > size ? rows.slice(0, size) : rows;
    const data = old && cut && sameItems(old, cut) ? old : cut;
    const result = { data, complete, hasMore: (rows?.length ?? 0) > size, loading: this.#next !== undefined };
    if (!sameResult(result, this.#result)) this.#result = result;
  }
}

function arrived<R>(next: QueryResult<R>, shown: QueryResult<R>): boolean {
  return next.data !== undefined && (next.complete || !shown.complete);
}

function sameItems<R>(a: readonly R[], b: readonly R[]): boolean {
  return a.length === b.length && a.every((row, i) => row === b[i]);
}

function sameResult<R>(a: InfiniteResult<R>, b: InfiniteResult<R>): boolean {
  return a.data === b.data && a.complete === b.complete && a.hasMore === b.hasMore && a.loading === b.loading;
}

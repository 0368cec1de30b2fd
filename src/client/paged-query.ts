/**
 * Pages of a watched function that takes `v.pagination()`, put together; made by the hook `usePaginatedQuery`.
 * All pages but the last are pinned at both ends, so together they are the unpaged result while rows move. [Q5]
 * A new list of pages is shown when all of it is there; until then the one before stays, and stays live. What one
 * answer of the server changes in several pages is told once, when all of them have it. [Q2]
 */
import type { Cancel, Log } from '../base/env.ts';
import { Fault } from '../base/fault.ts';
import { MAX_PAGE_ROWS } from '../schema/validator.ts';
import { Listeners } from './listeners.ts';
import type { WatchState } from './watch-state.ts';

/** Pages that one paged query holds, at most; each is a watched query of its own. */
export const MAX_PAGES = 100;

/** What a function with `v.pagination()` takes. */
export interface PageArgs {
  readonly cursor: string | null;
  readonly size: number;
  readonly until?: string | undefined;
}

/** What it returns, as `paginate` makes it. */
export interface PageValue<R> {
  readonly rows: readonly R[];
  readonly cursor: string | null;
}

export interface PagedResult<R> {
  /** Undefined while nothing is known. */
  readonly data: readonly R[] | undefined;
  /** Confirmed by the server on this connection. */
  readonly complete: boolean;
  readonly hasMore: boolean;
  /** Pages asked for by `loadMore` or `reset` are not here yet. */
  readonly loading: boolean;
  /** Why a page cannot be had; `data` stays what it was. */
  readonly error: Fault | undefined;
}

export type WatchPage<R> = (page: PageArgs, listener: (state: WatchState<PageValue<R>>) => void) => Cancel;

interface Slot<R> {
  readonly page: PageArgs;
  state: WatchState<PageValue<R>>;
  cancel: Cancel | undefined;
}

const UNKNOWN = { data: undefined, complete: false, hasMore: false, loading: false, error: undefined };

export class PagedQuery<R> {
  readonly #watch: WatchPage<R>;
  readonly #size: number;
  readonly #changed: Listeners<[PagedResult<R>]>;
  /** The pages of `data`, and those that are to be; the same list when all are here. */
  #shown: readonly Slot<R>[];
  #wanted: readonly Slot<R>[];
  #result: PagedResult<R> = UNKNOWN;
  #held: ReadonlySet<Slot<R>> = new Set();
  /** The next update begins at the first page. */
  #isLost = false;
  #stirred = false;

  /** Throws `invalid` for a page size not in 1..MAX_PAGE_ROWS. */
  constructor(log: Log, watch: WatchPage<R>, pageSize: number) {
    if (!Number.isInteger(pageSize) || pageSize < 1 || pageSize > MAX_PAGE_ROWS)
      throw new Fault('invalid', `pageSize is a whole number in 1..${MAX_PAGE_ROWS}`);
    this.#watch = watch;
    this.#size = pageSize;
    this.#changed = new Listeners(log);
    this.#shown = [slot({ cursor: null, size: pageSize })];
    this.#wanted = this.#shown;
  }

  /** The same object until something in it changes. */
  get result(): PagedResult<R> {
    return this.#result;
  }

  subscribe(listener: (result: PagedResult<R>) => void): Cancel {
    const cancel = this.#changed.on(listener);
    this.#listen();
    return () => {
      cancel();
      this.#listen();
    };
  }

  /** Shows a page more. Does nothing while pages are on their way, or without more. Throws `too_large`. */
  loadMore(): void {
    const last = this.#shown.at(-1)!;
    const cursor = pageOf(last)?.cursor ?? null;
    if (cursor === null || this.#wanted !== this.#shown) return;
    if (this.#shown.length >= MAX_PAGES) throw tooMany();
    const pinned = slot<R>({ ...last.page, until: cursor });
    this.#want([...this.#shown.slice(0, -1), pinned, slot<R>({ cursor, size: this.#size })]);
  }

  /** Back to the first page, asked for anew; also the way out of an error. */
  reset(): void {
    this.#want([slot({ cursor: null, size: this.#size })]);
  }

  #want(slots: readonly Slot<R>[]): void {
    this.#wanted = slots;
    this.#listen();
    this.#update();
  }

  /** What a page held is not known any more: it may be another identity that asks now. [S8] */
  #forget(): void {
    this.#isLost = true;
    this.#set(UNKNOWN);
  }

  /** Watches what is shown or wanted, as long as somebody listens, and nothing else. */
  #listen(): void {
    const before = this.#held;
    this.#held = new Set(this.#changed.size > 0 ? [...this.#shown, ...this.#wanted] : []);
    for (const slot of this.#held) {
      slot.cancel ??= this.#watch(slot.page, (state) => {
        if (state.name === 'pending' && slot.state.name !== 'pending') this.#forget();
        slot.state = state;
        this.#stir();
      });
    }
    // After the new ones: what both share is not given up in between.
    for (const slot of before) {
      if (this.#held.has(slot)) continue;
      slot.cancel?.();
      slot.cancel = undefined;
      slot.state = outdated(slot.state);
    }
  }

  /** An answer tells one page after the other: the result moves after the last. */
  #stir(): void {
    if (this.#stirred) return;
    this.#stirred = true;
    void Promise.resolve().then(() => {
      this.#stirred = false;
      if (this.#changed.size > 0) this.#update();
    });
  }

  #update(): void {
    if (this.#isLost) {
      this.#isLost = false;
      this.#shown = [slot({ cursor: null, size: this.#size })];
      this.#wanted = this.#shown;
      this.#listen();
    }
    let error = this.#split();
    if (this.#wanted !== this.#shown && this.#wanted.every(isWhole)) {
      this.#shown = this.#wanted;
      this.#listen();
    }
    for (const { state } of this.#wanted) if (state.name === 'error') error ??= state.fault;
    const shown = this.#shown.every(isWhole);
    const rows = shown ? this.#shown.flatMap((slot) => pageOf(slot)!.rows) : this.#result.data;
    const old = this.#result.data;
    this.#set({
      data: old && rows && sameItems(old, rows) ? old : rows,
      complete: shown && this.#shown.every(({ state }) => state.name === 'value' && state.complete),
      hasMore: shown ? pageOf(this.#shown.at(-1)!)!.cursor !== null : this.#result.hasMore,
      loading: this.#wanted !== this.#shown && !error,
      error,
    });
  }

  /** Pinned pages that ended early, because they have grown too large, become two. */
  #split(): Fault | undefined {
    if (this.#wanted.every((slot) => !pageOf(slot) || isWhole(slot))) return undefined;
    const slots = this.#wanted.flatMap((one) => {
      const end = pageOf(one)?.cursor ?? undefined;
      if (end === undefined || isWhole(one)) return [one];
      return [slot<R>({ ...one.page, until: end }), slot<R>({ ...one.page, cursor: end })];
    });
    if (slots.length > MAX_PAGES) return tooMany();
    this.#wanted = slots;
    this.#listen();
    return undefined;
  }

  #set(result: PagedResult<R>): void {
    const keys = Object.keys(result) as (keyof PagedResult<R>)[];
    if (keys.every((key) => result[key] === this.#result[key])) return;
    this.#result = result;
    this.#changed.emit(result);
  }
}

function slot<R>(page: PageArgs): Slot<R> {
  return { page, state: { name: 'pending' }, cancel: undefined };
}

function pageOf<R>({ state }: Slot<R>): PageValue<R> | undefined {
  return state.name === 'pending' ? undefined : state.value;
}

/** It has its rows, and they reach to its end. */
function isWhole<R>(slot: Slot<R>): boolean {
  const value = pageOf(slot);
  return value !== undefined && (slot.page.until === undefined || value.cursor === slot.page.until);
}

/** As it is shown while nobody confirms it. */
function outdated<R>(state: WatchState<R>): WatchState<R> {
  if (state.name === 'pending' || state.value === undefined) return { name: 'pending' };
  return { name: 'value', value: state.value, complete: false };
}

function sameItems<R>(a: readonly R[], b: readonly R[]): boolean {
  return a.length === b.length && a.every((row, i) => row === b[i]);
}

function tooMany(): Fault {
  return new Fault('too_large', `a paged query holds ${MAX_PAGES} pages at most`);
}

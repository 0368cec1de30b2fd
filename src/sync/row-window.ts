/**
 * The first rows of an ordered query with a limit, and some behind them that slide in when rows leave. Pure:
 * live-set.ts fills it and tells it of changes. What it holds is at all times the beginning of the whole
 * ordered result, so what it shows is exact while it is not `short`.
 */
import { type JsonObject, jsonEquals } from '../base/json.ts';
import { compareRows, type TypedSpec } from '../schema/match.ts';
import type { Turn } from './visibility.ts';

export interface WindowSize {
  readonly limit: number;
  readonly reserve: number;
}

export class RowWindow {
  readonly #spec: TypedSpec;
  readonly #limit: number;
  readonly #reserve: number;
  #held: JsonObject[] = [];
  readonly #byId = new Map<string, JsonObject>();
  /** Nothing is behind what is held. */
  #whole = false;

  constructor(spec: TypedSpec, { limit, reserve }: WindowSize) {
    this.#spec = spec;
    this.#limit = limit;
    this.#reserve = limit === 0 ? 0 : reserve;
  }

  /** Rows that it holds at most: so many are to be read for it. */
  get capacity(): number {
    return this.#limit + this.#reserve;
  }

  /** It shows fewer rows than there are. */
  get short(): boolean {
    return !this.#whole && this.#held.length < this.#limit;
  }

  /** Half of the reserve is gone. */
  get low(): boolean {
    return !this.#whole && this.#held.length < this.#limit + (this.#reserve >> 1);
  }

  get shown(): readonly JsonObject[] {
    return this.#held.slice(0, this.#limit);
  }

  /** `rows`: the first `capacity` of the result, in order. */
  fill(rows: readonly JsonObject[]): void {
    this.#held = [...rows];
    this.#byId.clear();
    for (const row of rows) this.#byId.set(String(row.id), row);
    this.#whole = rows.length < this.capacity;
  }

  /** Takes the rows as they are now, undefined where they do not belong; returns what changed in `shown`. */
  apply(changes: ReadonlyMap<string, JsonObject | undefined>): Map<string, Turn> {
    // Rows that did not change are moved by at most one place per change, so only those near the limit
    // can have crossed it.
    const near = this.#held.slice(Math.max(0, this.#limit - changes.size), this.#limit + changes.size);
    const before = new Map<string, JsonObject | undefined>();
    for (const id of changes.keys()) before.set(id, this.#shownRow(id));
    for (const { id } of near) before.set(String(id), this.#shownRow(String(id)));
    for (const id of changes.keys()) this.#take(id);
    for (const row of changes.values()) if (row) this.#put(row);
    this.#cut();
    const turns = new Map<string, Turn>();
    for (const [id, old] of before) {
      const now = this.#shownRow(id);
      if (old !== now) turns.set(id, { old, now });
    }
    return turns;
  }

  #take(id: string): void {
    const row = this.#byId.get(id);
    if (!row) return;
    this.#held.splice(this.#place(row), 1);
    this.#byId.delete(id);
  }

  #put(row: JsonObject): void {
    const place = this.#place(row);
    // Behind the last one that is known there may be others, so nobody knows its place.
    if (place === this.#held.length && !this.#whole) return;
    this.#held.splice(place, 0, row);
    this.#byId.set(String(row.id), row);
  }

  #cut(): void {
    for (const { id } of this.#held.splice(this.capacity)) {
      this.#byId.delete(String(id));
      this.#whole = false;
    }
  }

  #shownRow(id: string): JsonObject | undefined {
    const row = this.#byId.get(id);
    return row && this.#place(row) < this.#limit ? row : undefined;
  }

  /** The first index whose row is not before `row`; the order is total. */
  #place(row: JsonObject): number {
    let [low, high] = [0, this.#held.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareRows(this.#spec, this.#held[middle]!, row) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** What changed between two lists of rows. */
export function turnsBetween(before: readonly JsonObject[], after: readonly JsonObject[]): Map<string, Turn> {
  const turns = new Map<string, Turn>();
  const old = new Map(before.map((row) => [String(row.id), row]));
  for (const row of after) {
    const id = String(row.id);
    const former = old.get(id);
    old.delete(id);
    if (!jsonEquals(former, row)) turns.set(id, { old: former, now: row });
  }
  for (const [id, row] of old) turns.set(id, { old: row, now: undefined });
  return turns;
}

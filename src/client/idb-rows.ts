/**
 * How IdbPersistence lays out rows. A browser reads each record of IndexedDB at a cost of its own, so a copy
 * of all rows is kept in large parts (`copies`), which are never changed, and what came after it row by row
 * (`entities`; data null: deleted). When that has become much, the next start folds it into a new copy.
 * All functions are steps of the caller's transaction. [S3]
 */
import type { JsonObject } from '../base/json.ts';
import type { RowChanges, StoredRow } from './persistence.ts';

/** In `entities`, under `entity:id`. */
export interface ChangedRow {
  entity: string;
  id: string;
  data: JsonObject | null;
  seq: number;
}

export interface RowStores {
  readonly copies: IDBObjectStore;
  readonly entities: IDBObjectStore;
}

export function rowStores(tx: IDBTransaction): RowStores {
  return { copies: tx.objectStore('copies'), entities: tx.objectStore('entities') };
}

/** What the two stores hold, as read at one moment. */
export interface ReadRows {
  readonly copies: readonly StoredRow[][];
  readonly changed: readonly ChangedRow[];
}

/** Rows in one record of `copies`. */
export const COPY_ROWS = 500;
/** Changed rows above which a start folds them: they cost it some tens of milliseconds. */
export const MAX_CHANGED_ROWS = 2000;

export function mergeRows({ copies, changed }: ReadRows): StoredRow[] {
  const rows = copies.flat();
  if (changed.length === 0) return rows;
  const keys = new Set(changed.map(keyOf));
  const unchanged = rows.filter((row) => !keys.has(keyOf(row)));
  const present = changed.flatMap(({ entity, id, data }) => (data ? [{ entity, id, data }] : []));
  return [...unchanged, ...present];
}

/** Raw requests: a promise per row would cost more than the write. */
export function writeRows(stores: RowStores, changes: RowChanges, seq: number): void {
  if (changes.clear) return writeCopy(stores, changes.put);
  const { entities } = stores;
  for (const { entity, id, data } of changes.put) put(entities, { entity, id, data, seq });
  for (const { entity, id } of changes.delete) put(entities, { entity, id, data: null, seq });
}

/** All rows anew. */
export function writeCopy({ copies, entities }: RowStores, rows: readonly StoredRow[]): void {
  entities.clear();
  copies.clear();
  for (let i = 0; i < rows.length; i += COPY_ROWS) copies.put(rows.slice(i, i + COPY_ROWS), i);
}

function put(entities: IDBObjectStore, row: ChangedRow): void {
  entities.put(row, keyOf(row));
}

function keyOf({ entity, id }: { entity: string; id: string }): string {
  return `${entity}:${id}`;
}

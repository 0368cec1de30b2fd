/** Rows by entity and id. What the server said lives in one of these, and so does a copy under way. */
import type { JsonObject } from '../base/json.ts';

export type Table = Map<string, JsonObject>;

const EMPTY: ReadonlyMap<string, JsonObject> = new Map();

export class RowTables {
  #tables = new Map<string, Table>();

  get(entity: string, id: string): JsonObject | undefined {
    return this.#tables.get(entity)?.get(id);
  }

  /** For reading. */
  table(entity: string): ReadonlyMap<string, JsonObject> {
    return this.#tables.get(entity) ?? EMPTY;
  }

  entities(): Iterable<[string, ReadonlyMap<string, JsonObject>]> {
    return this.#tables.entries();
  }

  set(entity: string, id: string, row: JsonObject): void {
    this.writable(entity).set(id, row);
  }

  delete(entity: string, id: string): void {
    this.#tables.get(entity)?.delete(id);
  }

  /** The table itself, for loops over many rows. */
  writable(entity: string): Table {
    let table = this.#tables.get(entity);
    if (!table) {
      table = new Map();
      this.#tables.set(entity, table);
    }
    return table;
  }

  /** Takes the rows of another, which must not be used afterwards. */
  replaceBy(other: RowTables): void {
    this.#tables = other.#tables;
  }

  clear(): void {
    this.#tables = new Map();
  }
}

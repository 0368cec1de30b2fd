/**
 * The object through which one row of a table is read and written in real units. Its class is compiled
 * once per definition: each component defines a getter and a setter over its own columns (no code is made
 * from text, so this works under a strict content security policy).
 */
import type { Table, ViewClass } from './table.ts';

/** Symbols, so that no name of a component can collide with them. */
export const TABLE = Symbol('table');
export const ROW = Symbol('row');
export const PARTS = Symbol('parts');

export class RowView {
  readonly [TABLE]: Table<unknown>;
  readonly [ROW]: number;
  /** The views of the vectors and structs inside, made together with this one. */
  readonly [PARTS]: readonly RowView[];

  constructor(table: Table<unknown>, row: number, parts: readonly ViewClass<RowView>[]) {
    this[TABLE] = table;
    this[ROW] = row;
    this[PARTS] = parts.map((Part) => new Part(table, row));
  }

  /** A copy in plain objects, for logs and tests. */
  toJSON(): Record<string, unknown> {
    const plain: Record<string, unknown> = {};
    for (const name in this) plain[name] = this[name];
    return plain;
  }
}

/** Each component of a record is one of these on its view's prototype. */
export interface Accessor<T> {
  get(this: RowView): T;
  set(this: RowView, value: T): void;
}

/**
 * Records in columns (struct of arrays): a world's entities, a snapshot's, the inputs of a player. A row
 * is read and written through its view, made once per row and kept, so that ticks and frames allocate
 * nothing. Columns hold whole quanta; those of a `fractional` table, for drawing, what lies between.
 */
import type { Lane } from './lane.ts';
import { Text } from './text.ts';

/** The values of one lane. Of the two arrays one is empty. */
export class Column {
  values: Int32Array | Float64Array;
  texts: Text[];

  constructor(values: Int32Array | Float64Array, texts: Text[]) {
    this.values = values;
    this.texts = texts;
  }
}

/** Makes the object through which a row is read and written. */
export type ViewClass<T> = new (table: Table<unknown>, row: number) => T;

/** What a table needs to know of its records; RecordType is it. `T` is the type of a row's view. */
export interface TableType<T> {
  readonly lanes: readonly Lane[];
  readonly View: ViewClass<T>;
}

export class Table<T> {
  readonly lanes: readonly Lane[];
  readonly columns: readonly Column[];
  /** The entity of each row, 0 where there is none. */
  ids: Int32Array;
  readonly #type: TableType<T>;
  readonly #views: T[] = [];

  constructor(type: TableType<T>, capacity: number, numbers: 'whole' | 'fractional' = 'whole') {
    this.#type = type;
    this.lanes = type.lanes;
    this.ids = new Int32Array(capacity);
    this.columns = type.lanes.map((lane) => {
      const size = lane.textBytes > 0 ? 0 : capacity;
      const values = numbers === 'whole' ? new Int32Array(size) : new Float64Array(size);
      return new Column(values.fill(lane.initial), lane.textBytes > 0 ? filled(capacity) : []);
    });
  }

  get capacity(): number {
    return this.ids.length;
  }

  /** Makes room for at least `rows`, by doubling. Views stay valid. */
  reserve(rows: number): void {
    const old = this.capacity;
    if (rows <= old) return;
    const capacity = Math.max(rows, old * 2);
    const ids = new Int32Array(capacity);
    ids.set(this.ids);
    this.ids = ids;
    for (let i = 0; i < this.lanes.length; i++) {
      const column = this.columns[i]!;
      if (this.lanes[i]!.textBytes > 0) {
        column.texts = column.texts.concat(filled(capacity - old));
        continue;
      }
      const values =
        column.values instanceof Int32Array ? new Int32Array(capacity) : new Float64Array(capacity);
      values.set(column.values);
      column.values = values.fill(this.lanes[i]!.initial, old);
    }
  }

  /** The row as an object whose fields read and write the columns. Always the same object. */
  at(row: number): T {
    while (this.#views.length <= row) this.#views.push(new this.#type.View(this, this.#views.length));
    return this.#views[row]!;
  }

  /** Gives a row its initial values. The id stays. */
  reset(row: number): void {
    for (let i = 0; i < this.lanes.length; i++) this.resetLane(i, row);
  }

  resetLane(lane: number, row: number): void {
    const { initial, textBytes } = this.lanes[lane]!;
    if (textBytes > 0) this.columns[lane]!.texts[row] = Text.EMPTY;
    else this.columns[lane]!.values[row] = initial;
  }

  /** Copies the values of a row of another table of the same type. The id stays. */
  copy(from: Table<T>, fromRow: number, row: number): void {
    for (let i = 0; i < this.lanes.length; i++) {
      const source = from.columns[i]!;
      const target = this.columns[i]!;
      if (this.lanes[i]!.textBytes > 0) target.texts[row] = source.texts[fromRow]!;
      else target.values[row] = source.values[fromRow]!;
    }
  }

  /** Whether a row equals one of another table of the same type. */
  same(other: Table<T>, otherRow: number, row: number): boolean {
    for (let i = 0; i < this.lanes.length; i++) {
      const a = this.columns[i]!;
      const b = other.columns[i]!;
      if (this.lanes[i]!.textBytes > 0) {
        if (a.texts[row]!.value !== b.texts[otherRow]!.value) return false;
      } else if (a.values[row] !== b.values[otherRow]) return false;
    }
    return true;
  }
}

function filled(count: number): Text[] {
  return new Array<Text>(count).fill(Text.EMPTY);
}

/**
 * The entities of one tick, as decoded from frames or copied from a world: dense rows in order of their
 * ids. A snapshot is filled again and again, so decoding a frame allocates nothing once it has grown.
 */
import type { Components } from './component.ts';
import type { RecordType, Row } from './record-type.ts';
import type { Table } from './table.ts';
import { WorldHash } from './world-hash.ts';

export class Snapshot<C extends Components> {
  tick = 0;
  /** Rows in use. */
  count = 0;
  readonly table: Table<Row<C>>;

  constructor(type: RecordType<C>, capacity = 16) {
    this.table = type.table(capacity);
  }

  /** Becomes what these rows of another table hold, which are in order of ids. */
  take(tick: number, from: Table<Row<C>>, rows: readonly number[]): void {
    this.tick = tick;
    this.count = rows.length;
    this.table.reserve(rows.length);
    for (const [row, source] of rows.entries()) {
      this.table.copy(from, source, row);
      this.table.ids[row] = from.ids[source]!;
    }
  }

  /** The row of an entity, or -1. */
  find(id: number): number {
    const { ids } = this.table;
    let low = 0;
    let high = this.count - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const found = ids[middle]!;
      if (found === id) return middle;
      if (found < id) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  hash(): string {
    const hash = new WorldHash();
    hash.add(this.tick);
    for (let row = 0; row < this.count; row++) hashRow(hash, this.table, row);
    return hash.digest();
  }
}

export function hashRow<T>(hash: WorldHash, table: Table<T>, row: number): void {
  hash.add(table.ids[row]!);
  for (let i = 0; i < table.lanes.length; i++) {
    const column = table.columns[i]!;
    if (table.lanes[i]!.textBytes > 0) hash.addBytes(column.texts[row]!.bytes);
    else hash.add(column.values[row]!);
  }
}

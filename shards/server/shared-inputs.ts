/**
 * What the seats of a shard use one after another for their inputs: the decoder of frames, the record that was
 * decoded last, and the one that `step` is shown. So a player costs the inputs that wait for him and no more, and
 * an input costs no objects. Made by shard.ts, used by input-buffer.ts.
 */
import type { Components } from '../core/component.ts';
import { InputDecoder } from '../core/input-codec.ts';
import type { RecordType, Row } from '../core/record-type.ts';
import type { Table } from '../core/table.ts';

const CAME = 0;
const SHOWN = 1;

export class SharedInputs<I extends Components> {
  readonly type: RecordType<I>;
  readonly frame = new InputDecoder();
  readonly #table: Table<Row<I>>;
  readonly #shown: Row<I>;

  constructor(type: RecordType<I>) {
    this.type = type;
    this.#table = type.table(2);
    this.#shown = this.#table.at(SHOWN);
  }

  /** Decodes the next record of the frame. Throws Fault `bad_message`. */
  decode(): void {
    this.frame.record(this.#table, CAME);
  }

  /** Whether the record that was decoded last equals a row. */
  same(table: Table<Row<I>>, row: number): boolean {
    return table.same(this.#table, CAME, row);
  }

  /** Copies the record that was decoded last to a row. */
  store(table: Table<Row<I>>, row: number): void {
    table.copy(this.#table, CAME, row);
  }

  /** A row for `step`; valid until the next call. */
  show(table: Table<Row<I>>, row: number): Row<I> {
    this.#table.copy(table, row, SHOWN);
    return this.#shown;
  }

  /** The input of who does nothing; valid until the next call. */
  showNeutral(): Row<I> {
    this.#table.reset(SHOWN);
    return this.#shown;
  }
}

/**
 * What the seats of a shard use one after another for their inputs: the decoder of frames, and the row that `step` is
 * shown. So a player costs the inputs that wait for him and no more, and an input costs no objects. Made by seats.ts,
 * used by input-buffer.ts.
 */
import type { Components } from '../core/component.ts';
import { InputDecoder } from '../core/input-codec.ts';
import type { RecordType, Row } from '../core/record-type.ts';
import type { Table } from '../core/table.ts';
import type { InputLines } from './input-lines.ts';

export class SharedInputs<I extends Components> {
  readonly type: RecordType<I>;
  readonly frame: InputDecoder;
  readonly #table: Table<Row<I>>;
  readonly #shown: Row<I>;

  constructor(type: RecordType<I>) {
    this.type = type;
    this.frame = new InputDecoder(type.lanes);
    this.#table = type.table(1);
    this.#shown = this.#table.at(0);
  }

  /** Valid until the next call. */
  show(lines: InputLines, line: number): Row<I> {
    lines.show(line, this.#table);
    return this.#shown;
  }

  /** The input of who does nothing; valid until the next call. */
  showNeutral(): Row<I> {
    this.#table.reset(0);
    return this.#shown;
  }
}

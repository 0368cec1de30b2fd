/**
 * Input frames: a run of ticks in one packet, the last few again so that a lost or late packet is made up
 * for. Records are bits, one after another. The server decodes into scratch rows and asks input-buffer.ts.
 */
import { BitReader, BitWriter } from '../../src/base/bits.ts';
import { type Reader, Writer } from '../../src/base/bytes.ts';
import { KIND } from './frames.ts';
import { readRecord, writeRecord } from './record-codec.ts';
import type { Table } from './table.ts';

export interface InputHeader {
  /** The newest frame that the client has; opens the gate for more. [T5] */
  readonly ackTick: number;
  /** The tick of the first record; the others follow without gaps. */
  readonly firstTick: number;
  readonly count: number;
}

/** Keeps its buffers; the frames it returns are new. `rowOf` says where the record of a tick stands. */
export class InputEncoder {
  readonly #writer = new Writer(64);
  readonly #bits = new BitWriter(64);

  encode<T>(header: InputHeader, table: Table<T>, rowOf: (tick: number) => number): Uint8Array {
    const { ackTick, firstTick, count } = header;
    this.#writer.clear().u8(KIND.input).varuint(ackTick).varuint(firstTick).u8(count);
    this.#bits.clear();
    for (let i = 0; i < count; i++) writeRecord(this.#bits, table, rowOf(firstTick + i));
    return this.#writer.bytes(this.#bits.finish()).finish();
  }
}

/** `reader` stands behind the kind; the records are left in it. */
export function decodeInputHeader(reader: Reader): InputHeader {
  return { ackTick: reader.varuint(), firstTick: reader.varuint(), count: reader.u8() };
}

/** Calls `each` with every tick, its record standing in `row` of `table` until the next one. */
export function decodeInputs<T>(
  reader: Reader,
  header: InputHeader,
  into: { table: Table<T>; row: number; each: (tick: number) => void },
): void {
  const bits = new BitReader(reader.rest());
  for (let i = 0; i < header.count; i++) {
    readRecord(bits, into.table, into.row);
    into.each(header.firstTick + i);
  }
  bits.end();
}

/**
 * Input frames: a run of ticks in one packet. Records are bits, one after another. Written by the client's play.ts
 * and event-play.ts, read by the server's seat.ts for its input-buffer.ts.
 */
import { BitReader, BitWriter } from '../../src/base/bits.ts';
import { Reader, Writer } from '../../src/base/bytes.ts';
import { Fault } from '../../src/base/fault.ts';
import { KIND } from './frames.ts';
import type { Lane } from './lane.ts';
import { RecordReader, writeRecord } from './record-codec.ts';
import type { Table } from './table.ts';

const NOTHING = new Uint8Array(0);

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

/**
 * Reads input frames one after another and makes no objects for them: its fields are those of the frame that was
 * opened last. One serves all players of a shard.
 */
export class InputDecoder {
  ackTick = 0;
  firstTick = 0;
  count = 0;
  /** What `next` read. */
  readonly record: RecordReader;
  readonly #reader = new Reader(NOTHING);
  readonly #bits = new BitReader(NOTHING);

  constructor(lanes: readonly Lane[]) {
    this.record = new RecordReader(lanes);
  }

  /** A payload whose kind was looked at. Throws Fault `bad_message`. */
  open(payload: Uint8Array): void {
    const reader = this.#reader;
    reader.over(payload);
    reader.u8();
    this.ackTick = reader.varuint();
    this.firstTick = reader.varuint();
    this.count = reader.u8();
    // A tick that is no safe number could not be said in a rejection.
    if (!Number.isSafeInteger(this.firstTick + this.count))
      throw new Fault('bad_message', 'inputs of ticks that never come');
    reader.restBy(this.#bits);
  }

  /** Reads the next record, `count` times. Throws Fault `bad_message`. */
  next(): void {
    this.record.read(this.#bits);
  }

  /** Throws Fault `bad_message` unless all was read. */
  end(): void {
    this.#bits.end();
  }
}

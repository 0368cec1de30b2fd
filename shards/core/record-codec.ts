/** Records as bits: every lane in its own width, absent components in one bit, nothing between. */
import type { BitReader, BitWriter } from '../../src/base/bits.ts';
import { Fault } from '../../src/base/fault.ts';
import type { Lane } from './lane.ts';
import type { Table } from './table.ts';
import { Text } from './text.ts';

export function writeRecord<T>(bits: BitWriter, table: Table<T>, row: number): void {
  const { lanes, columns } = table;
  for (let i = 0; i < lanes.length; i++) {
    const lane = lanes[i]!;
    if (lane.guard >= 0 && columns[lane.guard]!.values[row] === 0) continue;
    if (lane.textBytes > 0) {
      const { bytes } = columns[i]!.texts[row]!;
      bits.write(bytes.length, lane.bits);
      for (let at = 0; at < bytes.length; at++) bits.write(bytes[at]!, 8);
    } else {
      bits.write(columns[i]!.values[row]! - lane.min, lane.bits);
    }
  }
}

/** Reads records of one type, each over the one before, so that what comes again costs no memory. */
export class RecordReader {
  /** By lane; initial where there is a text. */
  readonly values: Int32Array;
  /** By lane; empty where there is a number. */
  readonly texts: Text[];
  readonly #lanes: readonly Lane[];

  constructor(lanes: readonly Lane[]) {
    this.#lanes = lanes;
    this.values = Int32Array.from(lanes, ({ initial }) => initial);
    this.texts = lanes.map(() => Text.EMPTY);
  }

  /** Throws Fault `bad_message` for what no writer makes: values out of range, long texts, bad UTF-8, the end. */
  read(bits: BitReader): void {
    const lanes = this.#lanes;
    const { values } = this;
    for (let i = 0; i < lanes.length; i++) {
      const lane = lanes[i]!;
      if (lane.guard >= 0 && values[lane.guard] === 0) {
        values[i] = lane.initial;
        this.texts[i] = Text.EMPTY;
      } else if (lane.textBytes > 0) {
        const length = bits.read(lane.bits);
        if (length > lane.textBytes) throw new Fault('bad_message', 'a text is too long');
        this.texts[i] = readText(bits, length, this.texts[i]!);
      } else {
        const value = bits.read(lane.bits) + lane.min;
        if (value > lane.max) throw new Fault('bad_message', 'a value is out of range');
        values[i] = value;
      }
    }
  }

  /** Copies the record to a row of a table of its type. */
  copyTo<T>(table: Table<T>, row: number): void {
    for (let i = 0; i < this.#lanes.length; i++) {
      if (this.#lanes[i]!.textBytes > 0) table.columns[i]!.texts[row] = this.texts[i]!;
      else table.columns[i]!.values[row] = this.values[i]!;
    }
  }
}

/** Gives `known` back when the bytes are the same: names rarely change, and frames should not allocate. */
function readText(bits: BitReader, length: number, known: Text): Text {
  let bytes: Uint8Array | undefined;
  for (let i = 0; i < length; i++) {
    const byte = bits.read(8);
    if (!bytes && byte !== known.bytes[i]) {
      bytes = new Uint8Array(length);
      bytes.set(known.bytes.subarray(0, i));
    }
    if (bytes) bytes[i] = byte;
  }
  if (bytes) return Text.decode(bytes);
  return length === known.bytes.length ? known : Text.decode(known.bytes.slice(0, length));
}

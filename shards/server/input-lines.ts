/**
 * Inputs of one player as lines of one array: a mark that says whose line it is, and the numbers. A player's inputs
 * are touched once a tick, when nothing of them is in the processor's cache any more: so they lie side by side, and
 * not in columns. Used by input-buffer.ts.
 */
import type { Lane } from '../core/lane.ts';
import type { RecordReader } from '../core/record-codec.ts';
import type { Table } from '../core/table.ts';
import { Text } from '../core/text.ts';

/** The mark of a line that was never written, or was cleared. */
export const UNMARKED = 0;

export class InputLines {
  readonly #lanes: readonly Lane[];
  readonly #width: number;
  readonly #numbers: Int32Array;
  /** By line and lane; empty when the inputs have no texts. */
  readonly #texts: Text[];

  constructor(lanes: readonly Lane[], count: number) {
    this.#lanes = lanes;
    this.#width = lanes.length + 1;
    this.#numbers = new Int32Array(count * this.#width);
    const texts = lanes.some(({ textBytes }) => textBytes > 0) ? count * lanes.length : 0;
    this.#texts = new Array<Text>(texts).fill(Text.EMPTY);
  }

  markOf(line: number): number {
    return this.#numbers[line * this.#width]!;
  }

  /** `mark` is a whole number of 32 bits. */
  mark(line: number, mark: number): void {
    this.#numbers[line * this.#width] = mark;
  }

  same(line: number, { values, texts }: RecordReader): boolean {
    const at = line * this.#width + 1;
    for (let i = 0; i < values.length; i++) if (this.#numbers[at + i] !== values[i]) return false;
    if (this.#texts.length === 0) return true;
    return texts.every(({ value }, i) => this.#texts[line * texts.length + i]!.value === value);
  }

  put(line: number, { values, texts }: RecordReader): void {
    const at = line * this.#width + 1;
    for (let i = 0; i < values.length; i++) this.#numbers[at + i] = values[i]!;
    if (this.#texts.length === 0) return;
    for (let i = 0; i < texts.length; i++) this.#texts[line * texts.length + i] = texts[i]!;
  }

  copy(from: number, to: number): void {
    const numbers = this.#numbers;
    const [source, target] = [from * this.#width, to * this.#width];
    for (let i = 1; i < this.#width; i++) numbers[target + i] = numbers[source + i]!;
    if (this.#texts.length === 0) return;
    const lanes = this.#width - 1;
    for (let i = 0; i < lanes; i++) this.#texts[to * lanes + i] = this.#texts[from * lanes + i]!;
  }

  /** Copies a line to the first row of a table. */
  show<T>(line: number, table: Table<T>): void {
    const lanes = this.#lanes;
    const at = line * this.#width + 1;
    for (let i = 0; i < lanes.length; i++) {
      if (lanes[i]!.textBytes > 0) table.columns[i]!.texts[0] = this.#texts[line * lanes.length + i]!;
      else table.columns[i]!.values[0] = this.#numbers[at + i]!;
    }
  }

  /** Takes all marks away. */
  clear(): void {
    this.#numbers.fill(UNMARKED);
  }
}

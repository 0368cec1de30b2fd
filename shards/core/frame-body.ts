/**
 * What a frame says about the cells that a player holds; the same bytes for all who held the same cells and
 * hold the same now. Filled by server/frame-plan.ts and server/run.ts in order of the cells' numbers, copied
 * into frames. Kept and filled again, so nothing is allocated.
 */
import { BitWriter } from '../../src/base/bits.ts';
import { Writer } from '../../src/base/bytes.ts';
import type { Chunk } from './chunk.ts';

export class FrameBody {
  /** The places of the texts that the chunks name, in order. */
  readonly places: number[] = [];
  readonly #changes = new Writer(64);
  readonly #leaves: number[] = [];
  readonly #enters: number[] = [];
  readonly #bits = new BitWriter(1024);

  clear(): void {
    // To shorten a list costs, even an empty one.
    if (this.places.length > 0) this.places.length = 0;
    if (this.#leaves.length > 0) this.#leaves.length = 0;
    if (this.#enters.length > 0) this.#enters.length = 0;
    this.#bits.clear();
  }

  /** He does not hold this cell any more. */
  leave(cell: number): void {
    this.#leaves.push(cell);
  }

  /** He holds this cell from now on, or at another level than before. Its key chunk must be said. */
  enter(cell: number, level: number): void {
    this.#enters.push(cell, level);
  }

  /**
   * For each cell that he holds now and that he enters or that had a step since his base: its chunk; undefined
   * when he has it as predicted, or when the cell that he enters is empty.
   */
  say(chunk: Chunk | undefined): void {
    if (!chunk) return this.#bits.write(0, 1);
    this.#bits.write(1, 1);
    this.#bits.append(chunk.bytes, chunk.bitLength);
    const { places } = chunk;
    for (let i = 0; i < places.length; i++) this.places.push(places[i]!);
  }

  /** Whether cells were left or entered. */
  get hasChanges(): boolean {
    return this.#leaves.length + this.#enters.length > 0;
  }

  /** The cells' part, as bits. */
  get bits(): BitWriter {
    return this.#bits;
  }

  /** The most bytes that `writeChanges` takes. */
  get maxChangeBytes(): number {
    return 20 + (this.#leaves.length + this.#enters.length) * 8;
  }

  /** Writes which cells were left and entered, and gives the place behind that. */
  writeChanges(out: Uint8Array, at: number): number {
    const writer = this.#changes.clear().varuint(this.#leaves.length);
    let last = -1;
    for (const cell of this.#leaves) {
      writer.varuint(cell - last - 1);
      last = cell;
    }
    writer.varuint(this.#enters.length / 2);
    last = -1;
    for (let i = 0; i < this.#enters.length; i += 2) {
      const cell = this.#enters[i]!;
      writer.varuint((cell - last - 1) * 4 + this.#enters[i + 1]!);
      last = cell;
    }
    return writer.copyTo(out, at);
  }
}

/**
 * What a frame says about the cells that a player holds; the same bytes for all who held the same cells and
 * hold the same now. Filled by server/view.ts in order of the cells' numbers, copied into frames. Kept and
 * filled again, so nothing is allocated.
 */
import { Writer } from '../../src/base/bytes.ts';
import type { Chunk } from './chunk.ts';

export class FrameBody {
  /** The places of the texts that the chunks name, in order. */
  readonly places: number[] = [];
  #changes = new Writer(64);
  #leaves: number[] = [];
  #enters: number[] = [];
  #mask = new Uint8Array(64);
  #maskBits = 0;
  #chunks = new Uint8Array(1024);
  #chunkBytes = 0;

  clear(): void {
    this.places.length = 0;
    this.#leaves.length = 0;
    this.#enters.length = 0;
    this.#maskBits = 0;
    this.#chunkBytes = 0;
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
    const at = this.#maskBits >> 3;
    const bit = this.#maskBits++ & 7;
    if (at >= this.#mask.length) this.#mask = grown(this.#mask, at + 1);
    const before = bit === 0 ? 0 : this.#mask[at]!;
    this.#mask[at] = before | ((chunk ? 1 : 0) << bit);
    if (!chunk) return;
    const { length, bytes, places } = chunk;
    const to = this.#chunkBytes;
    this.#chunkBytes = to + length;
    if (this.#chunkBytes > this.#chunks.length) this.#chunks = grown(this.#chunks, this.#chunkBytes);
    const chunks = this.#chunks;
    for (let i = 0; i < length; i++) chunks[to + i] = bytes[i]!;
    for (let i = 0; i < places.length; i++) this.places.push(places[i]!);
  }

  /** Whether cells were left or entered. */
  get hasChanges(): boolean {
    return this.#leaves.length + this.#enters.length > 0;
  }

  /** The most bytes that `writeTo` takes. */
  get maxBytes(): number {
    return 20 + (this.#leaves.length + this.#enters.length) * 8 + this.#mask.length + this.#chunkBytes;
  }

  /** Writes the body from `at` on, and gives the place behind it. */
  writeTo(out: Uint8Array, at: number): number {
    let end = at;
    if (this.hasChanges) end = this.#writeChanges(out, end);
    const maskBytes = (this.#maskBits + 7) >> 3;
    for (let i = 0; i < maskBytes; i++) out[end + i] = this.#mask[i]!;
    end += maskBytes;
    for (let i = 0; i < this.#chunkBytes; i++) out[end + i] = this.#chunks[i]!;
    return end + this.#chunkBytes;
  }

  #writeChanges(out: Uint8Array, at: number): number {
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

function grown(old: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const bigger = new Uint8Array(Math.max(length, old.length * 2));
  bigger.set(old);
  return bigger;
}

/**
 * All cells of one level that somebody sees, one after another in order of their numbers, as a frame says them to those
 * who had the frame before: made once a frame, so that a sight copies a few slices instead of visiting each of its
 * cells. Kept by streams.ts. [T2]
 */
import { BitWriter } from '../../src/base/bits.ts';
import type { CellStream } from '../core/cell-stream.ts';
import type { Rows } from '../core/chunk-encoder.ts';
import type { FrameBody } from '../core/frame-body.ts';

/** The entities of a stream, in order of their ids. */
export interface RowSource extends Rows {
  /** Called before each step, where the rows are not kept up to date by themselves. */
  refresh?(): void;
}

/** A stream that somebody holds. */
export class Feed {
  readonly stream: CellStream;
  readonly rows: RowSource;
  holders = 0;
  /** Where it is kept, if it is no cell. */
  readonly key: string;
  /** Of a cell: its number in the run of its level, which is its own as long as somebody holds it. */
  part = -1;

  constructor(stream: CellStream, rows: RowSource, key = '') {
    this.stream = stream;
    this.rows = rows;
    this.key = key;
  }

  /** The stream is due, or new. */
  step(frame: number): void {
    const { stream, rows } = this;
    rows.refresh?.();
    // Nobody was there and nobody came: most cells of a wide world.
    if (rows.count === 0 && stream.count === 0 && stream.quiet && stream.frame !== -1) return;
    stream.advance(frame, rows);
  }
}

export class Run {
  readonly #level: number;
  /** In order of their cells. */
  readonly #feeds: Feed[] = [];
  readonly #bits = new BitWriter(1024);
  readonly #places: number[] = [];
  readonly #free: number[] = [];
  /** By part, 4 numbers: where it begins and ends among the bits, and among the places. Flat, for all sights read it. */
  #marks = new Int32Array(256);
  #due = false;

  constructor(level: number) {
    this.#level = level;
  }

  add(feed: Feed): void {
    feed.part = this.#free.pop() ?? this.#feeds.length;
    this.#feeds.splice(this.#find(feed), 0, feed);
    if (feed.part * 4 < this.#marks.length) return;
    const marks = new Int32Array(this.#marks.length * 2);
    marks.set(this.#marks);
    this.#marks = marks;
  }

  remove(feed: Feed): void {
    this.#feeds.splice(this.#find(feed), 1);
    this.#free.push(feed.part);
  }

  /** All streams make their steps if they are due; those that are new do in any case. */
  advance(frame: number): void {
    this.#due = frame % 2 ** this.#level === 0;
    for (const feed of this.#feeds) if (this.#due || feed.stream.frame === -1) feed.step(frame);
  }

  /** The streams of all runs have made their steps: what is said of these is laid end to end. */
  lay(frame: number): void {
    if (!this.#due || this.#feeds.length === 0) return;
    const bits = this.#bits;
    const marks = this.#marks;
    bits.clear();
    if (this.#places.length > 0) this.#places.length = 0;
    for (const { part, stream } of this.#feeds) {
      marks[part * 4] = bits.bitLength;
      marks[part * 4 + 2] = this.#places.length;
      const need = stream.neededSince(frame - 1);
      const chunk = need === 'nothing' ? undefined : need === 'delta' ? stream.delta : stream.key();
      bits.write(chunk ? 1 : 0, 1);
      if (chunk) {
        bits.append(chunk.bytes, chunk.bitLength);
        for (let i = 0; i < chunk.places.length; i++) this.#places.push(chunk.places[i]!);
      }
      marks[part * 4 + 1] = bits.bitLength;
      marks[part * 4 + 3] = this.#places.length;
    }
    bits.write(0, 8); // `appendSlice` looks one byte ahead
  }

  /** Says the cells from one part to another, which follow one another, if they have a step in this frame. */
  say(body: FrameBody, first: number, last: number): void {
    if (!this.#due) return;
    const marks = this.#marks;
    const from = marks[first * 4]!;
    body.bits.appendSlice(this.#bits.bytes, from, marks[last * 4 + 1]! - from);
    for (let i = marks[first * 4 + 2]!; i < marks[last * 4 + 3]!; i++) body.places.push(this.#places[i]!);
  }

  #find(feed: Feed): number {
    const { cell } = feed.stream;
    let low = 0;
    let high = this.#feeds.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#feeds[middle]!.stream.cell < cell) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/**
 * The slices that these feeds of cells, which are in order of their cells, are made of: cells of one level whose
 * numbers follow one another, since no other cell can ever come between them. For each the level, the first and the
 * last part.
 */
export function slicesOf(feeds: readonly Feed[]): Int32Array {
  const slices: number[] = [];
  let first = feeds[0];
  for (const [i, last] of feeds.entries()) {
    const next = feeds[i + 1];
    const { level, cell } = last.stream;
    if (next && next.stream.level === level && next.stream.cell === cell + 1) continue;
    slices.push(level, first!.part, last.part);
    first = next;
  }
  return Int32Array.from(slices);
}

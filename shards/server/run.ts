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
  /** Where it is kept. */
  readonly key: number | string;
  /** Of a cell: where it stands among the others of its level, and its part of what is said of them. */
  readonly run: Run | undefined;
  firstBit = 0;
  endBit = 0;
  firstPlace = 0;
  endPlace = 0;

  constructor(key: number | string, stream: CellStream, from: { rows: RowSource; run?: Run }) {
    this.key = key;
    this.stream = stream;
    this.rows = from.rows;
    this.run = from.run;
  }
}

/** Cells whose numbers follow one another. */
export interface Slice {
  readonly run: Run;
  readonly first: Feed;
  readonly last: Feed;
}

export class Run {
  readonly #level: number;
  /** In order of their cells. */
  readonly #feeds: Feed[] = [];
  readonly #bits = new BitWriter(1024);
  readonly #places: number[] = [];
  #frame = -1;

  constructor(level: number) {
    this.#level = level;
  }

  add(feed: Feed): void {
    this.#feeds.splice(this.#find(feed), 0, feed);
  }

  remove(feed: Feed): void {
    this.#feeds.splice(this.#find(feed), 1);
  }

  /** The streams have made their steps. */
  make(frame: number): void {
    if (frame % 2 ** this.#level !== 0) return;
    const bits = this.#bits;
    bits.clear();
    this.#places.length = 0;
    this.#frame = frame;
    for (const feed of this.#feeds) {
      feed.firstBit = bits.bitLength;
      feed.firstPlace = this.#places.length;
      const need = feed.stream.neededSince(frame - 1);
      const chunk = need === 'nothing' ? undefined : need === 'delta' ? feed.stream.delta : feed.stream.key();
      bits.write(chunk ? 1 : 0, 1);
      if (chunk) {
        bits.append(chunk.bytes, chunk.bitLength);
        for (let i = 0; i < chunk.places.length; i++) this.#places.push(chunk.places[i]!);
      }
      feed.endBit = bits.bitLength;
      feed.endPlace = this.#places.length;
    }
    bits.write(0, 8); // `appendSlice` looks one byte ahead
  }

  /** Says the cells from `first` to `last`, which follow one another, if they have a step in this frame. */
  say(body: FrameBody, { first, last }: Slice, frame: number): void {
    if (this.#frame !== frame) return;
    body.bits.appendSlice(this.#bits.bytes, first.firstBit, last.endBit - first.firstBit);
    for (let i = first.firstPlace; i < last.endPlace; i++) body.places.push(this.#places[i]!);
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

/** The slices that these feeds, which are in order of their cells, are made of. */
export function slicesOf(feeds: readonly Feed[]): Slice[] {
  const slices: Slice[] = [];
  let first = feeds[0];
  for (const [i, last] of feeds.entries()) {
    const next = feeds[i + 1];
    // No other cell can ever come between two whose numbers follow one another.
    if (next && next.run === last.run && next.stream.cell === last.stream.cell + 1) continue;
    if (last.run) slices.push({ run: last.run, first: first!, last });
    first = next;
  }
  return slices;
}

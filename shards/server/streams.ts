/**
 * The streams of a shard that somebody holds: a cell at a level of detail, or what only some players are sent;
 * each encoded once per frame however many hold it. A stream begins with its first holder and ends with its last.
 * Held by sights and views; advanced by frame-maker.ts. [T2]
 */
import { CellStream } from '../core/cell-stream.ts';
import type { ChunkEncoder } from '../core/chunk-encoder.ts';
import type { Audience } from '../core/component.ts';
import type { FrameBody } from '../core/frame-body.ts';
import { MAX_LEVEL } from '../core/frames.ts';
import { CellRows, type Grid } from './grid.ts';
import { Feed, type RowSource, Run } from './run.ts';

export class Streams {
  readonly #encoders: Readonly<Record<Audience, ChunkEncoder>>;
  readonly #grid: Grid;
  /** By their numbers and levels. */
  readonly #cells = new Map<number, Feed>();
  readonly #runs = Array.from({ length: MAX_LEVEL + 1 }, (_, level) => new Run(level));
  /** All that are no cells. */
  readonly #others = new Map<string, Feed>();

  constructor(encoders: Readonly<Record<Audience, ChunkEncoder>>, grid: Grid) {
    this.#encoders = encoders;
    this.#grid = grid;
  }

  get size(): number {
    return this.#cells.size + this.#others.size;
  }

  /** The stream of a cell. */
  holdCell(cell: number, level: number): Feed {
    const key = keyOf(cell, level);
    let feed = this.#cells.get(key);
    if (!feed) {
      const stream = new CellStream(this.#encoders.all, { cell, level });
      feed = new Feed(stream, this.#grid.take(cell));
      this.#cells.set(key, feed);
      this.#runs[level]!.add(feed);
    }
    feed.holders++;
    return feed;
  }

  /** A stream of other rows, which `source` names when there is none of this key yet. */
  hold(key: string, audience: Audience, source: () => RowSource): Feed {
    let feed = this.#others.get(key);
    if (!feed) {
      const stream = new CellStream(this.#encoders[audience], { cell: 0, level: 0 });
      feed = new Feed(stream, source(), key);
      this.#others.set(key, feed);
    }
    feed.holders++;
    return feed;
  }

  release(feed: Feed): void {
    feed.holders--;
    if (feed.holders > 0) return;
    if (!(feed.rows instanceof CellRows)) {
      this.#others.delete(feed.key);
      return;
    }
    const { cell, level } = feed.stream;
    this.#cells.delete(keyOf(cell, level));
    this.#runs[level]!.remove(feed);
    this.#grid.drop(feed.rows);
  }

  /** A new stream makes its first step at once, the others when they are due. */
  advance(frame: number): void {
    for (const run of this.#runs) run.advance(frame);
    for (const feed of this.#others.values()) feed.step(frame);
    for (const run of this.#runs) run.lay(frame);
  }

  /** What is said of these slices to those who had all of them in the frame before. */
  say(body: FrameBody, slices: Int32Array): void {
    for (let i = 0; i < slices.length; i += 3) {
      this.#runs[slices[i]!]!.say(body, slices[i + 1]!, slices[i + 2]!);
    }
  }
}

function keyOf(cell: number, level: number): number {
  return cell * (MAX_LEVEL + 1) + level;
}

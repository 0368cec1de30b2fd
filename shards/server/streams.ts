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
  /** By number: cells; by text: all others. */
  readonly #feeds = new Map<number | string, Feed>();
  readonly #runs = Array.from({ length: MAX_LEVEL + 1 }, (_, level) => new Run(level));

  constructor(encoders: Readonly<Record<Audience, ChunkEncoder>>, grid: Grid) {
    this.#encoders = encoders;
    this.#grid = grid;
  }

  get size(): number {
    return this.#feeds.size;
  }

  /** The stream of a cell. */
  holdCell(cell: number, level: number): Feed {
    const key = cell * (MAX_LEVEL + 1) + level;
    let feed = this.#feeds.get(key);
    if (!feed) {
      const stream = new CellStream(this.#encoders.all, { cell, level });
      feed = new Feed(key, stream, this.#grid.take(cell));
      this.#feeds.set(key, feed);
      this.#runs[level]!.add(feed);
    }
    feed.holders++;
    return feed;
  }

  /** A stream of other rows, which `source` names when there is none of this key yet. */
  hold(key: string, audience: Audience, source: () => RowSource): Feed {
    let feed = this.#feeds.get(key);
    if (!feed) {
      const stream = new CellStream(this.#encoders[audience], { cell: 0, level: 0 });
      feed = new Feed(key, stream, source());
      this.#feeds.set(key, feed);
    }
    feed.holders++;
    return feed;
  }

  release(feed: Feed): void {
    feed.holders--;
    if (feed.holders > 0) return;
    this.#feeds.delete(feed.key);
    if (!(feed.rows instanceof CellRows)) return;
    this.#runs[feed.stream.level]!.remove(feed);
    this.#grid.drop(feed.rows);
  }

  /** A new stream makes its first step at once, the others when they are due. */
  advance(frame: number): void {
    for (const { stream, rows } of this.#feeds.values()) {
      if (stream.frame !== -1 && !stream.due(frame)) continue;
      rows.refresh?.();
      // Nobody was there and nobody came: most cells of a wide world.
      if (rows.count === 0 && stream.count === 0 && stream.quiet && stream.frame !== -1) continue;
      stream.advance(frame, rows);
    }
    for (const run of this.#runs) run.make(frame);
  }

  /** What is said of these slices to those who had all of them in the frame before. */
  say(body: FrameBody, slices: Int32Array): void {
    for (let i = 0; i < slices.length; i += 3) {
      this.#runs[slices[i]!]!.say(body, slices[i + 1]!, slices[i + 2]!);
    }
  }
}

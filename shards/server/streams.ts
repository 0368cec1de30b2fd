/**
 * The streams of a shard that somebody holds: a cell at a level of detail, or what only some players are sent;
 * each encoded once per frame however many hold it. A stream begins with its first holder and ends with its last.
 * Held by sights and views; advanced by frame-maker.ts. [T2]
 */
import { CellStream } from '../core/cell-stream.ts';
import type { ChunkEncoder, Rows } from '../core/chunk-encoder.ts';
import type { Audience } from '../core/component.ts';
import { CellRows, type Grid } from './grid.ts';

/** The entities of a stream, in order of their ids. */
export interface RowSource extends Rows {
  /** Called before each step, where the rows are not kept up to date by themselves. */
  refresh?(): void;
}

/** A stream that somebody holds. */
export class Feed {
  readonly key: string;
  readonly stream: CellStream;
  readonly rows: RowSource;
  holders = 0;

  constructor(key: string, stream: CellStream, rows: RowSource) {
    this.key = key;
    this.stream = stream;
    this.rows = rows;
  }
}

export class Streams {
  readonly #encoders: Readonly<Record<Audience, ChunkEncoder>>;
  readonly #grid: Grid;
  readonly #feeds = new Map<string, Feed>();

  constructor(encoders: Readonly<Record<Audience, ChunkEncoder>>, grid: Grid) {
    this.#encoders = encoders;
    this.#grid = grid;
  }

  get size(): number {
    return this.#feeds.size;
  }

  /** The stream of a cell. */
  holdCell(cell: number, level: number): Feed {
    const key = `${cell}/${level}`;
    const feed =
      this.#feeds.get(key) ?? this.#add(key, this.#cellStream('all', cell, level), this.#grid.take(cell));
    feed.holders++;
    return feed;
  }

  /** A stream of other rows, which `source` names when there is none of this key yet. */
  hold(key: string, audience: Audience, source: () => RowSource): Feed {
    const feed = this.#feeds.get(key) ?? this.#add(key, this.#cellStream(audience, 0, 0), source());
    feed.holders++;
    return feed;
  }

  release(feed: Feed): void {
    feed.holders--;
    if (feed.holders > 0) return;
    this.#feeds.delete(feed.key);
    if (feed.rows instanceof CellRows) this.#grid.drop(feed.rows);
  }

  /** A new stream makes its first step at once, the others when they are due. */
  advance(frame: number): void {
    for (const feed of this.#feeds.values()) {
      if (feed.stream.frame !== -1 && !feed.stream.due(frame)) continue;
      feed.rows.refresh?.();
      feed.stream.advance(frame, feed.rows);
    }
  }

  #cellStream(audience: Audience, cell: number, level: number): CellStream {
    return new CellStream(this.#encoders[audience], { cell, level });
  }

  #add(key: string, stream: CellStream, rows: RowSource): Feed {
    const feed = new Feed(key, stream, rows);
    this.#feeds.set(key, feed);
    return feed;
  }
}
